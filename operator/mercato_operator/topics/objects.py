"""OrderTopic objects in the API server: read, held by a finalizer where they must be, told their status, let go."""

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from mercato_operator.kube.elsewhere import is_away
from mercato_operator.kube.ownership import FINALIZER, MANAGER
from mercato_operator.topics import status
from mercato_operator.topics.declarations import Declaration, Key, declaration
from mercato_operator.topics.plan import Plan
from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource

log = logging.getLogger(__name__)

T = TypeVar("T")
ORDER_TOPICS: Final = Resource("mercato.dev/v1alpha1", "ordertopics")
_AT_ONCE: Final = 8
"""Requests under way."""
_ATTEMPTS: Final = 5


class Objects:
    """Of these namespaces, the operator's own first."""

    def __init__(self, client: Kubernetes, namespaces: Sequence[str]) -> None:
        self._client, self._namespaces = client, namespaces
        self._away: frozenset[str] = frozenset()
        self._limit = asyncio.Semaphore(_AT_ONCE)

    async def read(self) -> list[Declaration]:
        """All of them, as they are now. Raises KubernetesError.

        A namespace that is gone, or in which there are no rights any more, holds up no other; `complete` is False then.
        """
        lists = dict(zip(self._namespaces, await asyncio.gather(*map(self._list, self._namespaces)), strict=True))
        away = frozenset(name for name, bodies in lists.items() if bodies is None)
        if new := away - self._away:
            log.warning("OrderTopics cannot be listed, so nobody's rights are taken away: %s", ", ".join(sorted(new)))
        self._away = away
        return [declaration(_whole(body)) for bodies in lists.values() for body in bodies or ()]

    @property
    def complete(self) -> bool:
        """Whether the last `read` saw all namespaces."""
        return not self._away

    async def _list(self, namespace: str) -> list[Object] | None:
        try:
            return (await self._client.list(ORDER_TOPICS, namespace))[0]
        except KubernetesError as error:
            if is_away(error, namespace, home=self._namespaces[0]):
                return None
            raise

    async def hold(self, declarations: Sequence[Declaration]) -> list[Declaration]:
        """Puts the finalizer on those whose topics are to go with them, before anything is made; takes it off others.

        Those that are gone meanwhile are left out. Raises KubernetesError.
        """
        return await self._each(self._held(each) for each in declarations)

    async def release(self, ended: Iterable[Declaration]) -> None:
        """Lets them end."""
        await self._each(self._with_finalizer(each, wanted=False) for each in ended)

    async def _held(self, each: Declaration) -> Declaration | None:
        if each.deleting or each.held == each.removes or (each.removes and each.declared is None):
            return each
        return await self._with_finalizer(each, wanted=each.removes)

    async def _with_finalizer(self, each: Declaration, *, wanted: bool) -> Declaration | None:
        """None where it is gone. The list of finalizers is one value: written as it was read, or read again."""
        for _ in range(_ATTEMPTS):
            others = [one for one in each.finalizers if one != FINALIZER]
            metadata = each.body["metadata"]
            changed = {
                "finalizers": [*others, FINALIZER] if wanted else others,
                "resourceVersion": metadata["resourceVersion"],
            }
            try:
                body = await self._client.merge(ORDER_TOPICS, each.namespace, each.name, {"metadata": changed})
                return declaration(body)
            except KubernetesError as error:
                if not (error.conflict or error.not_found):
                    raise
                fresh = await self._again(each)
            if fresh is None or (wanted and fresh.deleting):
                return fresh
            each = fresh
        raise KubernetesError(f"OrderTopic {each.namespace}/{each.name} changes too often to be held", 409)

    async def _again(self, each: Declaration) -> Declaration | None:
        """As it is now; None where it is gone, even if another one has its name."""
        try:
            body = await self._client.get(ORDER_TOPICS, each.namespace, each.name)
        except KubernetesError as error:
            if not error.not_found:
                raise
            return None
        return declaration(body) if body["metadata"]["uid"] == each.body["metadata"]["uid"] else None

    async def remember(self, declarations: Sequence[Declaration], wanted: Plan) -> list[Declaration]:
        """Writes down what will be made and must be undone one day, before it is made."""
        return await self._each(self._remembered(each, wanted) for each in declarations)

    async def _remembered(self, each: Declaration, wanted: Plan) -> Declaration | None:
        planned = wanted.planned.get(each.key)
        if planned is None:
            return each
        known = status.remembered(each, planned, settled=False)
        new_topics = each.removes and frozenset(known["topics"]) > each.recorded
        if not new_topics and frozenset(known.get("configured", ())) == each.configured:
            return each
        body = await self._tried(each, self._apply_status(each, {**each.status, **known}))
        return declaration(body) if body else None

    async def write(self, declarations: Sequence[Declaration], statuses: Mapping[Key, dict[str, Any] | None]) -> bool:
        """Those statuses that differ; whether all could be written."""
        stale = [(each, wanted) for each in declarations if (wanted := statuses[each.key]) and wanted != each.status]
        written = await self._each(self._tried(each, self._apply_status(each, wanted)) for each, wanted in stale)
        return len(written) == len(stale)

    async def _apply_status(self, each: Declaration, content: Mapping[str, Any]) -> Object:
        metadata = {"name": each.name, "namespace": each.namespace, "uid": each.body["metadata"]["uid"]}
        whole = {"apiVersion": ORDER_TOPICS.api_version, "kind": "OrderTopic", "metadata": metadata, "status": content}
        return await self._client.apply_status(ORDER_TOPICS, each.namespace, each.name, whole, MANAGER)

    async def _tried(self, each: Declaration, request: Awaitable[Object]) -> Object | None:
        """None where the object has gone meanwhile, even if another one has its name now."""
        try:
            return await request
        except KubernetesError as error:
            if not (error.conflict or error.not_found):
                raise
            log.info("OrderTopic %s/%s is gone: %s", each.namespace, each.name, error)
            return None

    async def _each(self, work: Iterable[Awaitable[T | None]]) -> list[T]:
        async def limited(one: Awaitable[T | None]) -> T | None:
            async with self._limit:
                return await one

        found: list[T] = []
        for one in await asyncio.gather(*map(limited, work), return_exceptions=True):
            if isinstance(one, BaseException):
                raise one
            if one is not None:
                found.append(one)
        return found


def _whole(body: Object) -> Object:
    """A list leaves these out of its items."""
    return {"apiVersion": ORDER_TOPICS.api_version, "kind": "OrderTopic", **body}
