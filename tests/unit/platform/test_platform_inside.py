"""The platform around the toolbox, from the variables that the chart sets."""

from pathlib import Path

import pytest

from cli.platform.errors import PlatformError
from cli.platform.inside import Inside

SASL = {
    "MERCATO_TOOLBOX_NAMESPACE": "shop",
    "MERCATO_KAFKA_BOOTSTRAP": "kafka:9092",
    "MERCATO_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "MERCATO_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "MERCATO_KAFKA_CA_FILE": "/etc/mercato/kafka-ca/ca.crt",
}
USER = {"MERCATO_KAFKA_USERNAME": "admin", "MERCATO_KAFKA_PASSWORD": "geheim"}


def test_it_is_only_where_the_chart_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MERCATO_TOOLBOX_NAMESPACE", raising=False)
    assert Inside.here() is None
    monkeypatch.setenv("MERCATO_TOOLBOX_NAMESPACE", "shop")
    inside = Inside.here()
    assert inside is not None
    assert inside.remedies.command("dead-letters list") == "./mercato dead-letters list --namespace shop"


def test_kafka_is_reached_as_the_services_reach_it() -> None:
    broker = Inside({**SASL, **USER}).broker
    assert broker.bootstrap == "kafka:9092"
    assert broker.client["sasl.username"] == "admin"
    assert broker.client["sasl.password"] == "geheim"
    assert broker.client["ssl.ca.location"] == "/etc/mercato/kafka-ca/ca.crt"
    assert "geheim" not in repr(broker)


def test_without_a_user_the_value_to_set_is_named() -> None:
    with pytest.raises(PlatformError, match=r"set kafka\.external\.adminUsername, with its password under that key"):
        _ = Inside(SASL).broker


def test_a_kafka_that_asks_for_nobody_needs_no_user() -> None:
    broker = Inside({"MERCATO_KAFKA_BOOTSTRAP": "k:1", "MERCATO_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}).broker
    assert broker.security == {"security.protocol": "PLAINTEXT"}


def test_a_database_is_reached_as_its_own_role(tmp_path: Path) -> None:
    (tmp_path / "order").write_text("ge/h:eim@\n")
    inside = Inside({"MERCATO_DATABASES_DIRECTORY": str(tmp_path), "MERCATO_POSTGRES_ADDRESS": "postgres:5432"})
    assert inside.database_url("order") == "postgresql://order:ge%2Fh%3Aeim%40@postgres:5432/order"


@pytest.mark.parametrize(("mode", "simulated"), [("simulator", True), ("stripe", False)])
def test_only_the_simulators_ledger_can_be_read(mode: str, simulated: bool) -> None:
    assert Inside({"MERCATO_PAYMENT_MODE": mode}).simulated is simulated


def test_without_a_mail_catcher_there_is_no_mailbox() -> None:
    assert Inside(SASL).message_ids() is None


def test_a_pod_that_is_no_toolbox_says_what_is_missing() -> None:
    with pytest.raises(
        PlatformError, match=r"MERCATO_KAFKA_BOOTSTRAP is not set: start this from a Job of the CronJob"
    ):
        _ = Inside({}).broker
