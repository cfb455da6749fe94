"""Passwords and variables of the Jobs, and waiting for what is late."""

from pathlib import Path

import pytest
from mercato_operator.jobs import apply, databases
from mercato_operator.jobs.retrying import retrying
from mercato_operator.jobs.variables import kafka_security
from mercato_operator.passwords import read_passwords


def test_a_mounted_secret_is_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "order").write_text("secret\n")
    assert read_passwords(str(tmp_path)) == {"order": "secret"}


def test_without_a_folder_there_are_no_passwords() -> None:
    assert read_passwords(None) == {}


def test_an_empty_password_is_refused_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "order").write_text("\n")
    with pytest.raises(ValueError, match=r"order is empty: put the password of order"):
        read_passwords(str(tmp_path))


def test_a_folder_without_passwords_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no password"):
        read_passwords(str(tmp_path))


def test_kafkas_security_is_that_of_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("MERCATO_KAFKA_USERNAME", "admin")
    monkeypatch.setenv("MERCATO_KAFKA_CA_FILE", "")
    assert kafka_security() == {"security.protocol": "SASL_SSL", "sasl.username": "admin"}


def test_what_is_late_is_tried_again(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("services.chassis.retry.time.sleep", lambda _: None)
    answers = [OSError("not yet"), OSError("not yet")]

    def action() -> str:
        if answers:
            raise answers.pop()
        return "there"

    assert retrying(action, OSError) == "there"
    assert capsys.readouterr().err == "waiting: not yet\n"


def test_what_never_comes_is_raised() -> None:
    def action() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        retrying(action, OSError, wait=0)


def test_the_jobs_say_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MERCATO_KAFKA_BOOTSTRAP", "PGHOST"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit, match="topics: MERCATO_KAFKA_BOOTSTRAP is not set"):
        apply.main()
    with pytest.raises(SystemExit, match="databases: PGHOST is not set"):
        databases.main()
