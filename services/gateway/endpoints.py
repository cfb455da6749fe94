"""Client of the discovery service: the ready endpoints of every backend, as they change."""

import asyncio
import ipaddress
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, NoReturn

import aiohttp
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from services.chassis.configuration import event_stream
from services.chassis.retry import Attempts, Backoff

log = logging.getLogger(__name__)

_CONNECT_SECONDS: Final = 2.0
_SILENCE_SECONDS: Final = 45.0
"""Without a byte for so long, heartbeats included, the stream counts as lost."""
_MAX_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, order=True)
class Endpoint:
    """Where one ready instance listens; `host` is an IP address."""

    host: str
    port: int


Apps = Mapping[str, tuple[Endpoint, ...]]
"""The backends that discovery knows; one without a ready instance may be listed with no endpoint."""


class DiscoveryUnavailableError(Exception):
    """Discovery gave no list; the text says why."""


class _Instance(BaseModel):
    host: str
    port: int
    namespace: str = ""


class _App(BaseModel):
    name: str
    instances: list[_Instance] = Field(alias="serviceInstances")


_LIST: Final = TypeAdapter(list[_App])


def parse(payload: bytes, own_namespace: str | None = None) -> Apps:
    """Apps by name from discovery's list. Raises DiscoveryUnavailableError when it is no such list.

    Where an own namespace is given, `order` of another one is another backend, named `order.<namespace>`.
    """
    try:
        apps = _LIST.validate_json(payload)
    except ValidationError as error:
        raise DiscoveryUnavailableError(f"the answer is no list of apps ({error.error_count()} errors)") from None
    found: dict[str, set[Endpoint]] = {app.name: set() for app in apps if own_namespace is None}
    for app in apps:
        for instance in app.instances:
            namespace = instance.namespace if own_namespace is not None else ""
            endpoint = _endpoint(app.name, instance)
            if endpoint:
                found.setdefault(backend_name(app.name, namespace, own_namespace), set()).add(endpoint)
    return {name: tuple(sorted(endpoints)) for name, endpoints in found.items()}


def backend_name(service: str, namespace: str, own_namespace: str | None) -> str:
    """The name of a service's backend: the service's own, with its namespace where that is not the gateway's."""
    return service if namespace in {"", own_namespace} else f"{service}.{namespace}"


def _endpoint(app: str, instance: _Instance) -> Endpoint | None:
    try:
        ipaddress.ip_address(instance.host)
    except ValueError:
        log.warning("an instance of %s is left out: its host %r is not an IP address", app, instance.host)
        return None
    return Endpoint(instance.host, instance.port)


def own_endpoint(host: str, port: int) -> Endpoint:
    """Where Envoy, on the same machine or in the same pod, reaches a process that listens on `host`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return Endpoint("127.0.0.1", port)
    if address.is_unspecified:
        return Endpoint("127.0.0.1" if address.version == 4 else "::1", port)
    return Endpoint(host, port)


async def follow(base_url: str, on_apps: Callable[[Apps], None], own_namespace: str | None = None) -> NoReturn:
    """Calls `on_apps` with the whole list at first and at each change, for ever.

    It reads the stream; when that breaks it asks for the list, then tries the stream again after a pause. The caller
    keeps the last list while discovery does not answer.
    """
    url = f"{base_url.rstrip('/')}/apps"
    timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS)
    attempts, down = Attempts(Backoff(limit=2.0)), False
    async with aiohttp.ClientSession(
        timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, read_bufsize=_MAX_BYTES
    ) as session:
        while True:
            for source in (_stream, _once):
                try:
                    async with aclosing(source(session, url)) as payloads:
                        async for payload in payloads:
                            on_apps(parse(payload, own_namespace))
                            down = False
                            attempts.succeeded()
                except DiscoveryUnavailableError as error:
                    if not down:
                        log.warning("discovery does not answer, the last endpoints stay: %s", error)
                    down = True
            await asyncio.sleep(attempts.failed())


async def _stream(session: aiohttp.ClientSession, url: str) -> AsyncGenerator[bytes, None]:
    try:
        async with session.get(url, headers=event_stream.ACCEPT) as response:
            if not event_stream.is_stream(response):
                return  # a discovery without streams is asked again and again
            async with aclosing(event_stream.payloads(response)) as payloads:
                async for payload in payloads:
                    yield payload
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise DiscoveryUnavailableError(f"{url}: {error or type(error).__name__}") from None


async def _once(session: aiohttp.ClientSession, url: str) -> AsyncGenerator[bytes, None]:
    try:
        async with (
            asyncio.timeout(_CONNECT_SECONDS),
            session.get(url, headers={"accept": "application/json"}) as response,
        ):
            if response.status != 200:
                raise DiscoveryUnavailableError(f"{url}: status {response.status}")
            payload = await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise DiscoveryUnavailableError(f"{url}: {error or type(error).__name__}") from None
    yield payload
