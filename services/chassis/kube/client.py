"""Client of the Kubernetes API: objects as plain JSON, over the official library's connection.

The library finds the API server and keeps the token fresh; its generated classes are left alone, since they take more
memory than a whole service (docs/decisions/0013-kubernetes-client.md).
"""

import os
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import aiohttp
import orjson
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

CALL_SECONDS: Final = 15.0
WATCH_SECONDS: Final = 60
"""The server ends a watch after so long; one that says nothing much longer is dead, whatever the socket says."""
_MARGIN_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 5.0
_MAX_LINE: Final = 8 * 1024 * 1024
"""Bytes of one event: an object has at most 1.5 MiB, its JSON escapes may double that and more."""

Object = dict[str, Any]


class KubernetesError(Exception):
    """The API server did not do what was asked; `status` is the HTTP status, 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def forbidden(self) -> bool:
        """Our service account may not do this."""
        return self.status == 403

    @property
    def not_found(self) -> bool:
        """There is no such object, or the server does not know its kind."""
        return self.status == 404

    @property
    def conflict(self) -> bool:
        """The name is taken, or the object is not any more what the request says of it."""
        return self.status == 409

    @property
    def expired(self) -> bool:
        """The resource version is older (or newer) than what the server remembers: the list must be read again."""
        return self.status in {410, 504}


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of objects, e.g. `Resource("v1", "configmaps")` or `Resource("discovery.k8s.io/v1", "endpointslices")`."""

    api_version: str
    plural: str

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        root = "/apis" if "/" in self.api_version else "/api"
        scope = f"/namespaces/{namespace}" if namespace else ""
        rest = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}/{self.api_version}{scope}/{self.plural}{rest}"

    def __str__(self) -> str:
        group, slash, _ = self.api_version.partition("/")
        return f"{self.plural}.{group}" if slash else self.plural


@dataclass(frozen=True, slots=True)
class Event:
    """A change: `ADDED`, `MODIFIED`, `DELETED`, or `BOOKMARK`, which carries only a resource version."""

    type: str
    object: Object


class InvalidClusterAccessError(Exception):
    """There is no way to an API server; the text names the remedy."""


class Kubernetes:
    """Enter it to connect: as the pod's service account, or where `KUBECONFIG` is set, as its current context."""

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent
        self._client: ApiClient | None = None

    async def __aenter__(self) -> Self:
        configuration = Configuration()
        try:
            if kubeconfig := os.environ.get("KUBECONFIG"):
                await load_kube_config(kubeconfig, client_configuration=configuration, persist_config=False)
            else:
                load_incluster_config(client_configuration=configuration)
        except (ConfigException, OSError) as error:
            raise InvalidClusterAccessError(
                f"no access to an API server ({error}): mount the service account's token, or set KUBECONFIG"
            ) from None
        configuration.client_session_kwargs = {
            "trust_env": False,
            "cookie_jar": aiohttp.DummyCookieJar(),
            "read_bufsize": _MAX_LINE,
        }
        configuration.retries = None  # who calls knows how often, and how long to wait
        self._client = ApiClient(configuration)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()

    async def list(
        self, resource: Resource, namespace: str | None = None, selectors: Mapping[str, str] | None = None
    ) -> tuple[list[Object], str]:
        """All objects (of all namespaces: None), and the resource version to watch from. Raises KubernetesError."""
        body = await self._call("GET", resource.path(namespace), query=dict(selectors or {}))
        return body["items"], body["metadata"]["resourceVersion"]

    async def watch(
        self,
        resource: Resource,
        namespace: str | None,
        version: str,
        selectors: Mapping[str, str] | None = None,
        seconds: int = WATCH_SECONDS,
    ) -> AsyncGenerator[Event, None]:
        """Changes since `version`, until the server ends it after `seconds`. Raises KubernetesError.

        The first event is a bookmark of `version`: it tells that the server has taken the watch.
        """
        query = {**(selectors or {}), "watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version}
        limits = aiohttp.ClientTimeout(total=seconds + _MARGIN_SECONDS, sock_connect=_CONNECT_SECONDS)
        path = resource.path(namespace)
        response = await self._send("GET", path, limits, query={**query, "timeoutSeconds": str(seconds)})
        try:
            yield Event("BOOKMARK", {"metadata": {"resourceVersion": version}})
            while line := await response.content.readline():
                if not line.endswith(b"\n"):
                    raise KubernetesError(f"{path}: the connection ended within an event")
                yield _event(path, line)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise KubernetesError(f"{path}: {error or type(error).__name__}") from None
        finally:
            # Whoever leaves early does not wait for the rest, nor for the server's goodbye.
            if response.connection is not None and response.connection.transport is not None:
                response.connection.transport.abort()
            response.close()

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """Raises KubernetesError (404: there is none)."""
        found: Object = await self._call("GET", resource.path(namespace, name))
        return found

    async def kinds(self, api_version: str) -> frozenset[str]:
        """Plural names of the kinds the server knows of, e.g. of `apps/v1`; none for an unknown group.

        Raises KubernetesError.
        """
        try:
            found = await self._call("GET", Resource(api_version, "").path().removesuffix("/"))
        except KubernetesError as error:
            if error.not_found:
                return frozenset()
            raise
        return frozenset(each["name"] for each in found["resources"])

    async def create(self, resource: Resource, namespace: str, content: Object) -> Object:
        """The object as the server made it. Raises KubernetesError (409: the name is taken)."""
        created: Object = await self._call("POST", resource.path(namespace), content)
        return created

    async def apply(
        self, resource: Resource, namespace: str | None, name: str, content: Object, manager: str, *, force: bool = True
    ) -> Object:
        """Server-side apply under a field manager. Raises KubernetesError.

        It takes over what others set; without `force` that is a 409. A `metadata.uid` in `content` keeps an object that
        is gone from being made anew: 409.
        """
        headers = {"content-type": "application/apply-patch+yaml"}
        query = {"fieldManager": manager, "force": str(force).lower()}
        applied: Object = await self._call("PATCH", resource.path(namespace, name), content, query, headers)
        return applied

    async def merge(self, resource: Resource, namespace: str | None, name: str, patch: Object) -> Object:
        """JSON merge patch (RFC 7386). Raises KubernetesError.

        A `metadata.resourceVersion` in `patch` makes it conditional: 409 when the object has changed since.
        """
        headers = {"content-type": "application/merge-patch+json"}
        merged: Object = await self._call("PATCH", resource.path(namespace, name), patch, None, headers)
        return merged

    async def replace(self, resource: Resource, namespace: str | None, name: str, content: Object) -> Object:
        """The whole object; conditional by its `metadata.resourceVersion`. Raises KubernetesError."""
        replaced: Object = await self._call("PUT", resource.path(namespace, name), content)
        return replaced

    async def delete(self, resource: Resource, namespace: str | None, name: str, uid: str | None = None) -> None:
        """Asks for an object's end; one that is gone is fine. Raises KubernetesError.

        With `uid`, only that very object: 409 when the name has another one now.
        """
        options = {"propagationPolicy": "Background", **({"preconditions": {"uid": uid}} if uid else {})}
        try:
            await self._call("DELETE", resource.path(namespace, name), options)
        except KubernetesError as error:
            if not error.not_found:
                raise

    async def apply_status(
        self, resource: Resource, namespace: str | None, name: str, content: Object, manager: str
    ) -> Object:
        """Server-side apply of an object's `status` under a field manager. Raises KubernetesError.

        A `metadata.resourceVersion` in `content` makes it conditional: 409 when the object has changed since.
        """
        path = resource.path(namespace, name, "status")
        headers = {"content-type": "application/apply-patch+yaml"}
        applied: Object = await self._call("PATCH", path, content, {"fieldManager": manager, "force": "true"}, headers)
        return applied

    async def _call(
        self,
        method: str,
        path: str,
        content: Object | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        limits = aiohttp.ClientTimeout(total=CALL_SECONDS, sock_connect=_CONNECT_SECONDS)
        response = await self._send(method, path, limits, content=content, query=query, headers=headers)
        try:
            return orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as error:
            raise KubernetesError(f"{path}: {error or type(error).__name__}") from None
        finally:
            response.release()

    async def _send(
        self,
        method: str,
        path: str,
        limits: aiohttp.ClientTimeout,
        *,
        content: Object | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientResponse:
        """The response, its body not yet read; an answer that is an error is raised as KubernetesError."""
        if self._client is None:
            raise RuntimeError("the client is not entered")
        sent = {"accept": "application/json", "user-agent": self._user_agent, **(headers or {})}
        # The library looks for the type under its own spelling.
        sent["Content-Type"] = sent.pop("content-type", "application/json")
        url = f"{self._client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            await self._client.update_params_for_auth(sent, [], ["BearerToken"], path, method, None)
            answer = await self._client.rest_client.request(
                method, url, headers=sent, body=content, _request_timeout=limits
            )
            response: aiohttp.ClientResponse = answer.response
            if response.status >= 300:
                raise _refusal(path, response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ConfigException) as error:
            raise KubernetesError(f"{path}: {error or type(error).__name__}") from None
        return response


def _event(path: str, line: bytes) -> Event:
    try:
        content = orjson.loads(line)
        event = Event(content["type"], content["object"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise KubernetesError(f"{path}: what was sent is no event") from None
    if event.type == "ERROR":
        raise KubernetesError(f"{path}: {event.object.get('message')}", int(event.object.get("code") or 0))
    return event


def _refusal(path: str, status: int, body: bytes) -> KubernetesError:
    """The server's own sentence, where it gave one."""
    try:
        message = orjson.loads(body)["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        message = f"{path}: status {status}"
    return KubernetesError(str(message)[:500], status)
