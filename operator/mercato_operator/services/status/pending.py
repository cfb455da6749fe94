"""Which settings wait for a restart, as the pods of a Deployment say themselves on their readiness path."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Self

import aiohttp
import orjson

Object = Mapping[str, Any]

_TIMEOUT: Final = aiohttp.ClientTimeout(total=3.0)
_MOST_BYTES: Final = 64 * 1024
_MEMBER: Final = "restart_pending"


class Pods:
    """Enter it to ask."""

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def pending(self, pods: Iterable[Object]) -> frozenset[str]:
        """Names of settings that at least one of the pods reports; one that does not answer reports nothing."""
        found: set[str] = set()
        for url in urls(pods):
            try:
                async with self._http.get(url, allow_redirects=False) as answer:
                    found |= names(await answer.content.read(_MOST_BYTES))
            except (aiohttp.ClientError, TimeoutError, OSError):
                continue
        return frozenset(found)


def urls(pods: Iterable[Object]) -> Iterator[str]:
    """Where the kubelet asks running pods whether they are ready."""
    for pod in pods:
        address = (pod.get("status") or {}).get("podIP")
        if not address or "deletionTimestamp" in pod["metadata"]:
            continue
        for container in pod["spec"]["containers"]:
            probe = (container.get("readinessProbe") or {}).get("httpGet")
            if probe is not None and (port := _number(probe["port"], container)) is not None:
                host = f"[{address}]" if ":" in address else address
                yield f"http://{host}:{port}{probe.get('path', '/')}"


def names(body: bytes) -> set[str]:
    """What an answer reports; nothing where it is none of ours."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return set()
    told = found.get(_MEMBER) if isinstance(found, dict) else None
    return {each for each in told if isinstance(each, str)} if isinstance(told, list) else set()


def _number(port: int | str, container: Object) -> int | None:
    if isinstance(port, int):
        return port
    return next((each["containerPort"] for each in container.get("ports") or () if each.get("name") == port), None)
