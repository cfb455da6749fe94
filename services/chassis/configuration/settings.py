"""Settings of a service: environment variable > config service > default.

A field is read from `MERCATO_<FIELD>`, else from the config service's document for the service, else it has its
default. Fields made with `reloadable` follow a change of the document while the service runs (`watch`); a change of
any other field is remembered in `restart_pending`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from prometheus_client import Counter

from services.chassis.configuration.config_client import ConfigUnavailableError, ConfigValue, fetch_patiently, stream
from services.chassis.configuration.settings_model import (
    Bootstrap,
    InvalidSettingsError,
    ServiceSettings,
    build,
    given_by_environment,
    reloadable,
    usable_part,
)
from services.chassis.retry import Attempts, Backoff
from services.chassis.runtime.tasks import essential, stop

__all__ = ["InvalidSettingsError", "ServiceSettings", "load", "reloadable", "watch"]

S = TypeVar("S", bound=ServiceSettings)
log = logging.getLogger(__name__)

SETTINGS_REFUSED = Counter(
    "mercato_settings_refused_total", "Changes of the settings refused as a whole because a value cannot be used."
)


async def load(settings: type[S]) -> S:
    """The settings of this process.

    Raises SystemExit with one line when a value cannot be used, or the config service does not answer within
    `MERCATO_CONFIG_WAIT` seconds.
    """
    try:
        bootstrap = build(Bootstrap, {}, {})
        config: Mapping[str, ConfigValue] = {}
        if bootstrap.config_url and settings.uses_config_service:
            document = await fetch_patiently(
                bootstrap.config_url, settings.service, bootstrap.profiles, bootstrap.config_wait
            )
            config = document.values
        usable = usable_part(settings, config, frozenset(given_by_environment(settings)))
        instance = build(settings, usable, {})
    except (InvalidSettingsError, ConfigUnavailableError) as error:
        raise SystemExit(f"{settings.service}: {error}") from None
    instance._configured = frozenset(usable)
    return instance


@asynccontextmanager
async def watch(settings: ServiceSettings) -> AsyncIterator[None]:
    """Applies each changed document to `settings` until left; does nothing where there is no config service."""
    if not settings.config_url or not settings.uses_config_service:
        yield
        return
    task = essential(_follow(settings, settings.config_url), "settings-watch")
    try:
        yield
    finally:
        await stop(task)


async def _follow(settings: ServiceSettings, config_url: str) -> None:
    attempts, lost = Attempts(Backoff()), False
    version: str | None = None
    while True:
        try:
            async with aclosing(stream(config_url, settings.service, settings.profiles)) as documents:
                async for document in documents:
                    lost = False
                    attempts.succeeded()
                    if version is None or document.version != version:
                        version = document.version
                        _apply(settings, document.values)
        except ConfigUnavailableError as error:
            if not lost:  # one line for each outage, not for each attempt
                log.warning("changes of settings are not seen for the moment: %s", error)
            lost = True
        await asyncio.sleep(attempts.failed())


def _apply(settings: ServiceSettings, config: Mapping[str, ConfigValue]) -> None:
    before = settings.restart_pending
    try:
        changed = settings.adopt(config)
    except InvalidSettingsError as error:
        SETTINGS_REFUSED.inc()
        log.error("a change of settings is refused as a whole: %s", error)
        return
    if changed:
        log.info("settings changed: %s", ", ".join(sorted(changed)))
    if settings.restart_pending - before:
        log.warning("settings changed that need a restart: %s", ", ".join(sorted(settings.restart_pending)))
