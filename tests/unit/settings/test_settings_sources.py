"""Environment > config service > defaults, and one clear line for what cannot be used."""

from typing import ClassVar

import pytest
from pydantic import SecretStr

from services.chassis.configuration.config_client import ConfigValue
from services.chassis.configuration.settings import InvalidSettingsError, ServiceSettings, load, reloadable


class ShopSettings(ServiceSettings):
    service: ClassVar[str] = "shop"

    deadline_seconds: int = reloadable(20, ge=1)
    workers: int = 2


def config(**values: object) -> dict[str, ConfigValue]:
    return {name: ConfigValue(value, "configmap:shop") for name, value in values.items()}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG_URL", "PORT", "LOG_LEVEL", "WORKERS", "DEADLINE_SECONDS", "DATABASE_URL", "INSTANCE"):
        monkeypatch.delenv(f"MERCATO_{name}", raising=False)


async def test_defaults_hold_without_environment_and_config_service() -> None:
    settings = await load(ShopSettings)
    assert (settings.port, settings.metrics_port, settings.deadline_seconds) == (8080, 9090, 20)
    assert settings.instance
    assert settings.restart_pending == frozenset()


async def test_an_environment_variable_overrules_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_DEADLINE_SECONDS", "7")
    monkeypatch.setenv("MERCATO_LOG_LEVEL", "debug")
    settings = await load(ShopSettings)
    assert (settings.deadline_seconds, settings.log_level) == (7, "DEBUG")


async def test_an_empty_environment_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_PORT", "")
    assert (await load(ShopSettings)).port == 8080


async def test_an_invalid_environment_variable_ends_in_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_PORT", "eighty")
    with pytest.raises(SystemExit, match=r"^shop: setting port is invalid: .* MERCATO_PORT: correct it.*$"):
        await load(ShopSettings)


async def test_a_missing_setting_ends_in_one_line_that_says_what_to_set() -> None:
    class Needy(ServiceSettings):
        service: ClassVar[str] = "needy"

        folder: str

    with pytest.raises(SystemExit, match=r"^needy: setting folder is missing: set MERCATO_FOLDER$"):
        await load(Needy)


async def test_the_database_password_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_DATABASE_URL", "postgresql://shop:hunter2@localhost/shop")
    settings = await load(ShopSettings)
    assert isinstance(settings.database_url, SecretStr)
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_reloadable_setting_follows_a_change_on_the_same_instance() -> None:
    settings = ShopSettings()
    told: list[frozenset[str]] = []
    settings.on_change(told.append)
    assert settings.adopt(config(deadline_seconds="30")) == {"deadline_seconds"}
    assert settings.deadline_seconds == 30
    assert settings.adopt(config(deadline_seconds=30)) == frozenset()
    assert told == [{"deadline_seconds"}]


def test_a_setting_that_leaves_the_config_service_falls_back_to_its_default() -> None:
    settings = ShopSettings()
    settings.adopt(config(deadline_seconds=30))
    settings.adopt({})
    assert settings.deadline_seconds == 20
    settings.adopt(config(deadline_seconds=40))
    assert settings.deadline_seconds == 40


def test_another_setting_waits_for_a_restart_until_the_change_is_taken_back() -> None:
    settings = ShopSettings()
    settings.adopt(config(workers=8))
    assert settings.workers == 2
    assert settings.restart_pending == {"workers"}
    settings.adopt(config(workers=8, deadline_seconds=5))
    assert settings.restart_pending == {"workers"}
    settings.adopt(config(workers=2))
    assert settings.restart_pending == frozenset()


def test_an_invalid_change_changes_nothing_and_names_field_and_document() -> None:
    settings = ShopSettings()
    settings.adopt(config(workers=8))
    with pytest.raises(InvalidSettingsError, match=r"deadline_seconds.*configmap:shop"):
        settings.adopt(config(deadline_seconds=0, log_level="DEBUG"))
    assert (settings.deadline_seconds, settings.log_level) == (20, "INFO")
    assert settings.restart_pending == {"workers"}


def test_an_environment_variable_wins_over_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_DEADLINE_SECONDS", "7")
    settings = ShopSettings()
    assert settings.adopt(config(deadline_seconds=30)) == frozenset()
    assert settings.deadline_seconds == 7


def test_where_the_config_service_is_cannot_come_from_the_config_service() -> None:
    settings = ShopSettings()
    settings.adopt(config(config_url="http://elsewhere", profiles="prod", unknown_to_this_service=1))
    assert settings.config_url is None
    assert settings.restart_pending == frozenset()


def test_settings_cannot_be_assigned() -> None:
    with pytest.raises(ValueError, match="frozen"):
        ShopSettings().workers = 3  # type: ignore[misc]
