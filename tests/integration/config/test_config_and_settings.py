"""A service's settings against the running config service."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from prometheus_client import REGISTRY

from services.chassis.configuration.settings import ServiceSettings, load, reloadable, watch


class ShopSettings(ServiceSettings):
    service: ClassVar[str] = "shop"

    deadline_seconds: int = reloadable(20, ge=1)
    workers: int = 2


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nothing there could set an event
            await asyncio.sleep(0.01)


async def read(config: Any, monkeypatch: pytest.MonkeyPatch) -> ShopSettings:
    """Settings as soon as the service has seen the document the test wrote."""
    monkeypatch.setenv("MERCATO_CONFIG_URL", config.url)
    async with asyncio.timeout(5):
        while not (settings := await load(ShopSettings))._configured:  # noqa: ASYNC110 - nothing there could set an event
            await asyncio.sleep(0.01)
    return settings


async def test_any_spelling_of_a_key_sets_the_field(config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write("shop", 'deadline-seconds: "30"', 'log.level: "debug"')
    settings = await read(config, monkeypatch)
    assert (settings.deadline_seconds, settings.log_level) == (30, "DEBUG")


async def test_changes_are_applied_while_watched(config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write("shop", 'deadline_seconds: "30"')
    settings = await read(config, monkeypatch)
    async with watch(settings):
        config.write("shop", 'deadline_seconds: "40"', 'workers: "8"')
        await eventually(lambda: settings.deadline_seconds == 40)
        assert settings.workers == 2
        assert settings.restart_pending == {"workers"}
        config.write("shop", 'deadline_seconds: "40"')
        await eventually(lambda: not settings.restart_pending)


async def test_an_invalid_change_is_refused_logged_and_counted(
    config: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config.write("shop", 'deadline_seconds: "30"')
    settings = await read(config, monkeypatch)
    before = REGISTRY.get_sample_value("mercato_settings_refused_total")
    assert before is not None
    with caplog.at_level(logging.ERROR, "services.chassis.configuration.settings"):
        async with watch(settings):
            config.write("shop", 'deadline_seconds: "0"', 'workers: "8"')
            await eventually(lambda: "deadline_seconds" in caplog.text)
    assert (settings.deadline_seconds, settings.restart_pending) == (30, frozenset())
    assert REGISTRY.get_sample_value("mercato_settings_refused_total") == before + 1


async def test_an_invalid_value_at_start_names_the_document(config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write("shop", 'deadline_seconds: "soon"')
    with pytest.raises(SystemExit, match=r"^shop: setting deadline_seconds is invalid: .* document configmap:shop: "):
        await read(config, monkeypatch)
