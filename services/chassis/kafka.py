"""What every Kafka client of the platform has in common."""

import logging
from typing import Any

from services.chassis.settings import ServiceSettings


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
    }
