"""What every Kafka client of the platform has in common."""

import logging
from typing import Any

from services.chassis.configuration.settings import ServiceSettings


def client_config(settings: ServiceSettings) -> dict[str, Any]:
    """librdkafka's settings for producers and consumers alike."""
    return {
        "bootstrap.servers": settings.kafka_bootstrap,
        "client.id": settings.instance,
        "logger": logging.getLogger("kafka"),
        # A broker that restarts is found again quickly, and without a stampede.
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        "socket.keepalive.enable": True,
        "topic.metadata.refresh.interval.ms": 60000,
        "allow.auto.create.topics": False,
        **_security(settings),
    }


def _security(settings: ServiceSettings) -> dict[str, Any]:
    """How the brokers know us, and we them. Raises SystemExit when a SASL user or its password is not given."""
    protocol = settings.kafka_security_protocol
    config: dict[str, Any] = {} if protocol == "PLAINTEXT" else {"security.protocol": protocol}
    if protocol.startswith("SASL_"):
        if settings.kafka_username is None or settings.kafka_password is None:
            raise SystemExit(
                f"{settings.service}: {protocol} needs a user: set MERCATO_KAFKA_USERNAME and MERCATO_KAFKA_PASSWORD"
            )
        config |= {
            "sasl.mechanism": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_username,
            "sasl.password": settings.kafka_password.get_secret_value(),
        }
    if settings.kafka_ca_file is not None:
        config["ssl.ca.location"] = str(settings.kafka_ca_file)
    return config
