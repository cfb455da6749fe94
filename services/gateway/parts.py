"""Client of the services' own OpenAPI documents: the parts that the platform's document is merged of."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, Self

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.chassis.http.openapi import PATH
from services.chassis.retry import Attempts, Backoff, spread
from services.chassis.runtime.tasks import essential, stop
from services.gateway.endpoints import Apps, Endpoint

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 30.0
_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.0)
_MAX_BYTES: Final = 1024 * 1024
_AT_ONCE: Final = 8


class Part(BaseModel):
    """What is read of a service's document; anything else in it is of no use here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    openapi: str = Field(pattern=r"^3\.1\.\d+$")
    tags: list[dict[str, Any]] = []
    paths: dict[str, dict[str, Any]] = {}
    components: dict[str, dict[str, Any]] = {}


class PartUnavailableError(Exception):
    """The service gave no document; the text says why."""


class Parts:
    """Keeps `known` up to date, by service, with what one of its ready instances says; enter it to start.

    While a service does not answer, what it said last stays. One that answers 404 says nothing of its API.
    """

    def __init__(self, reachable: Callable[[], Apps]) -> None:
        self._reachable = reachable
        self._changed = asyncio.Event()
        self._failing: frozenset[str] = frozenset()
        self.known: Mapping[str, Part] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        self._task = essential(self._follow(), "openapi-parts")
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop(self._task)
        await self._session.close()

    def look_again(self) -> None:
        """Instances came or went: there may be more to know, or something else."""
        self._changed.set()

    async def _follow(self) -> NoReturn:
        attempts = Attempts(Backoff(limit=2.0))
        while True:
            self._changed.clear()
            if await self._read_all():
                attempts.succeeded()
                pause = spread(REFRESH_SECONDS)
            else:
                pause = attempts.failed()
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _read_all(self) -> bool:
        """Whether all services answered."""
        apps = {name: endpoints for name, endpoints in self._reachable().items() if endpoints}
        turn = asyncio.Semaphore(_AT_ONCE)

        async def read(endpoints: tuple[Endpoint, ...]) -> Part | PartUnavailableError | None:
            async with turn:
                try:
                    return await self._read(random.choice(endpoints))  # noqa: S311 - any of them will do
                except PartUnavailableError as error:
                    return error

        answers = dict(zip(apps, await asyncio.gather(*map(read, apps.values())), strict=True))
        failed = {name: answer for name, answer in answers.items() if isinstance(answer, PartUnavailableError)}
        for name in failed.keys() - self._failing:
            log.warning("%s does not tell its API, what it said last stays: %s", name, failed[name])
        self._failing = frozenset(failed)
        told = {name: answer for name, answer in answers.items() if isinstance(answer, Part)}
        silent = {name for name, answer in answers.items() if answer is None}
        known = {name: part for name, part in {**self.known, **told}.items() if name not in silent}
        if known != self.known:
            self.known = known
        return not failed

    async def _read(self, endpoint: Endpoint) -> Part | None:
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        try:
            async with self._session.get(f"http://{host}:{endpoint.port}{PATH}", allow_redirects=False) as response:
                if response.status == 404:
                    return None
                if response.status != 200:
                    raise PartUnavailableError(f"status {response.status}")
                return Part.model_validate_json(await _bounded(response))
        except ValidationError as error:
            raise PartUnavailableError(f"no OpenAPI 3.1 document ({error.error_count()} errors)") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PartUnavailableError(str(error) or type(error).__name__) from None


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        content += chunk
        if len(content) > _MAX_BYTES:
            raise PartUnavailableError("its document is larger than 1 MiB")
    return bytes(content)
