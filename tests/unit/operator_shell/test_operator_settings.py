"""What the operator is told by its environment."""

from pathlib import Path

import pytest
from mercato_operator import wiring
from mercato_operator.kafka.backend import BackendUnavailable
from mercato_operator.settings import OperatorSettings

from services.chassis.configuration.settings import load


async def test_namespaces_come_from_the_operators_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_NAMESPACE", "shop")
    monkeypatch.setenv("MERCATO_NAMESPACES", '["team-a", "shop"]')
    assert (await load(OperatorSettings)).all_namespaces == ("shop", "team-a")


async def test_a_wrong_value_is_one_line_that_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_TOPICS_BACKEND", "zookeeper")
    with pytest.raises(SystemExit, match="MERCATO_TOPICS_BACKEND"):
        await load(OperatorSettings)


@pytest.mark.parametrize(
    ("protocol", "backend", "manages", "expected"),
    [
        ("PLAINTEXT", "admin", True, False),
        ("SASL_SSL", "admin", True, True),
        ("SASL_SSL", "admin", False, False),
        ("PLAINTEXT", "strimzi", True, True),
    ],
)
def test_users_are_seen_to_only_where_clients_sign_in(
    protocol: str, backend: str, manages: bool, expected: bool
) -> None:
    given = {"kafka_security_protocol": protocol, "topics_backend": backend, "kafka_manages_users": manages}
    assert OperatorSettings.model_validate(given).kafka_users is expected


def test_kafkas_security_is_librdkafkas_and_nothing_else() -> None:
    given = {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_username": "admin", "kafka_password": "secret"}
    assert OperatorSettings.model_validate(given).kafka_security() == {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "admin",
        "sasl.password": "secret",
    }


def test_passwords_are_read_again_each_time_and_a_broken_folder_is_told(tmp_path: Path) -> None:
    read = wiring._passwords(OperatorSettings(kafka_users_directory=tmp_path))
    (tmp_path / "order").write_text("first")
    assert read() == {"order": "first"}
    (tmp_path / "order").write_text("second")
    assert read() == {"order": "second"}
    (tmp_path / "order").write_text("")
    with pytest.raises(BackendUnavailable, match="order is empty"):
        read()
