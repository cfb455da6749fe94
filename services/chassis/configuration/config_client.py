"""Client of the config service's read API (Spring Cloud Config's `/{application}/{profiles}`)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic import BaseModel, ValidationError

from services.chassis.configuration import event_stream
from services.chassis.retry import Backoff

REQUEST_TIMEOUT = 5.0
"""Seconds for one answer."""
SILENCE_TIMEOUT = 45.0
"""Seconds without a byte after which a stream counts as lost; the service sends a heartbeat every 15 s."""
MAX_LINE = 4 * 1024 * 1024
"""Bytes of one document in a stream; a ConfigMap holds at most 1 MiB, and a document joins up to four sources."""


class ConfigUnavailableError(Exception):
    """The config service did not give a document; the text says why."""


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """One property: its value, and the name of the property source it came from."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Document:
    """What the config service says to one application: `version` changes exactly when `values` do."""

    version: str | None = None
    values: dict[str, ConfigValue] = field(default_factory=dict)


class _Source(BaseModel):
    name: str
    source: dict[str, Any]


class _Answer(BaseModel):
    version: str | None
    propertySources: list[_Source]  # noqa: N815 - the name on the wire


def parse(payload: bytes | str) -> Document:
    """The document in an answer; the first property source that has a key wins. Raises ConfigUnavailableError."""
    try:
        answer = _Answer.model_validate_json(payload)
    except ValidationError as error:
        raise ConfigUnavailableError(
            f"the answer is not a Spring Cloud Config environment ({error.error_count()} errors)"
        ) from None
    values: dict[str, ConfigValue] = {}
    for source in answer.propertySources:
        for key, value in source.source.items():
            values.setdefault(normalised(key), ConfigValue(value, source.name))
    return Document(answer.version, values)


def normalised(key: str) -> str:
    """The field's name of a property key: `order-deadline.seconds` is `order_deadline_seconds`."""
    return key.replace("-", "_").replace(".", "_").lower()


async def fetch_patiently(base_url: str, application: str, profiles: str, wait: float) -> Document:
    """Ask until there is an answer. Raises ConfigUnavailableError after `wait` seconds."""
    url = _url(base_url, application, profiles)
    last = "no attempt was finished"
    try:
        async with asyncio.timeout(wait), _session(aiohttp.ClientTimeout(total=REQUEST_TIMEOUT)) as session:
            for pause in Backoff():
                try:
                    async with session.get(url, headers={"accept": "application/json"}) as response:
                        if response.status == 200:
                            return parse(await response.read())
                        last = f"status {response.status}"
                except (aiohttp.ClientError, ConfigUnavailableError, TimeoutError) as error:
                    last = str(error) or type(error).__name__
                await asyncio.sleep(pause)
    except TimeoutError:
        pass
    raise ConfigUnavailableError(
        f"the config service gave no settings within {wait:g} s ({url}: {last}); "
        "start it, or correct MERCATO_CONFIG_URL, or raise MERCATO_CONFIG_WAIT"
    )


async def stream(base_url: str, application: str, profiles: str) -> AsyncGenerator[Document, None]:
    """The document now, then each time it changes, until the connection ends. Raises ConfigUnavailableError."""
    url = _url(base_url, application, profiles)
    timeout = aiohttp.ClientTimeout(total=None, connect=REQUEST_TIMEOUT, sock_read=SILENCE_TIMEOUT)
    try:
        async with _session(timeout) as session, session.get(url, headers=event_stream.ACCEPT) as response:
            if not event_stream.is_stream(response):
                raise ConfigUnavailableError(
                    f"{url} answers no stream (status {response.status}, {response.content_type})"
                )
            async with aclosing(event_stream.payloads(response)) as payloads:
                async for payload in payloads:
                    yield parse(payload)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise ConfigUnavailableError(f"{url}: {error or type(error).__name__}") from error


def _url(base_url: str, application: str, profiles: str) -> str:
    return f"{base_url.rstrip('/')}/{application}/{profiles}"


def _session(limits: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=limits, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, read_bufsize=MAX_LINE
    )
