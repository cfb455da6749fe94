"""How a service makes itself known to Kafka, from its settings."""

from typing import Any

import pytest

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.kafka import client_config


class OrderLike(ServiceSettings):
    service = "order"


def config(**settings: Any) -> dict[str, Any]:
    return client_config(OrderLike(**settings))


def test_without_settings_the_connection_is_plain() -> None:
    assert not {key for key in config() if key.startswith(("sasl.", "ssl.", "security."))}


def test_the_consumer_group_is_the_services_name_unless_another_is_given() -> None:
    assert OrderLike().group == "order"
    assert OrderLike(kafka_group="team.order").group == "team.order"


def test_a_sasl_user_is_presented_with_its_mechanism_and_authority() -> None:
    given = config(
        kafka_security_protocol="SASL_SSL", kafka_username="order", kafka_password="p", kafka_ca_file="/etc/ca.crt"
    )
    assert given["security.protocol"] == "SASL_SSL"
    assert given["sasl.mechanism"] == "SCRAM-SHA-512"
    assert (given["sasl.username"], given["sasl.password"]) == ("order", "p")
    assert given["ssl.ca.location"] == "/etc/ca.crt"


@pytest.mark.parametrize("missing", ["kafka_username", "kafka_password"])
def test_sasl_without_a_user_is_refused_with_the_remedy(missing: str) -> None:
    given = {"kafka_username": "order", "kafka_password": "p"}
    del given[missing]
    with pytest.raises(SystemExit, match="order: SASL_PLAINTEXT needs a user: set MERCATO_KAFKA_USERNAME and"):
        config(kafka_security_protocol="SASL_PLAINTEXT", **given)
