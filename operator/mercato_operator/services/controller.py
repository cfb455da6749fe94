"""The controller of CommerceServices: events fill a store and wake keys, workers bring about what each asks for."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from mercato_operator.kube.controller import Watched
from mercato_operator.kube.ownership import MANAGED_BY
from mercato_operator.kube.workqueue import WorkQueue
from mercato_operator.metrics import QUEUE, RECONCILE_SECONDS, RECONCILES
from mercato_operator.services.children import Children
from mercato_operator.services.credentials import Credentials
from mercato_operator.services.kinds import CONFIGMAPS, HTTPROUTES, MONITORS, RESOURCES, SERVICES
from mercato_operator.services.names import GATEWAY_CONFIG_LABEL, LABEL, Object
from mercato_operator.services.objects import ServiceObjects
from mercato_operator.services.paths import Paths
from mercato_operator.services.round import Outcome, Round
from mercato_operator.services.store import Store
from mercato_operator.services.stores import Stores
from mercato_operator.settings import OperatorSettings
from mercato_operator.topics.uses import Uses
from services.chassis.kube.client import Kubernetes, KubernetesError, Resource
from services.chassis.kube.events import Recorder
from services.chassis.retry import spread
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

KIND: Final = "CommerceService"
ROUND_SECONDS: Final = 90.0
STUCK_SECONDS: Final = 180.0
_KINDS: Final = {SERVICES: KIND} | {resource: kind for kind, resource in RESOURCES.items()}

Key = tuple[str, str]


class ServicesController:
    """`event` is cheap and never waits. What is there when it starts it has been told before."""

    def __init__(self, settings: OperatorSettings, client: Kubernetes, uses: Uses, recorder: Recorder) -> None:
        self._settings, self._client, self._uses = settings, client, uses
        self._store = Store()
        self._queue = WorkQueue[Key]()
        self._paths = Paths(self._store, objects=settings.routes == "httproute")
        monitors = [MONITORS] if settings.service_monitor else []
        made = Children(client, self._store, [each.resource for each in self.watched], monitors)
        stores = Stores(settings, Credentials(client, self._store, made), uses)
        objects = ServiceObjects(client, recorder)
        self._round = Round(settings, client, objects, stores, made, shadowed=self._paths.shadowed)
        self._untold: set[Key] | None = None
        """Services of the first listing whose use of Kafka was not told yet."""
        self._busy: dict[Key, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        uses.on_state(self._on_user)

    @property
    def watched(self) -> Sequence[Watched]:
        """What it must be told of by `event`."""
        kinds = [each for each in RESOURCES.values() if each not in {MONITORS, HTTPROUTES}]
        found = [Watched(SERVICES), *(Watched(each, MANAGED_BY) for each in kinds)]
        if self._settings.routes == "configmap":
            found.append(Watched(CONFIGMAPS, {GATEWAY_CONFIG_LABEL: "true"}, (self._settings.namespace,)))
        if self._settings.routes == "httproute":
            found.append(Watched(HTTPROUTES))  # the platform's own have older rights to their paths
        return found

    async def start(self) -> None:
        self._tasks = [essential(self._run(), "commerce-services")]

    async def stop(self) -> None:
        """Rounds that are under way are cut off; the next start finishes them."""
        await stop(*self._tasks)
        self._queue.close()

    def healthy(self) -> str | None:
        """Why it does not work; None while it does."""
        now = asyncio.get_running_loop().time()
        for (namespace, name), since in self._busy.items():
            if now - since > STUCK_SECONDS:
                return f"CommerceService {namespace}/{name} has been seen to for {now - since:.0f} s"
        return None

    def event(self, resource: Resource, type_: str, body: Object) -> None:
        """ADDED, MODIFIED or DELETED."""
        gone, plural = type_ == "DELETED", resource.plural
        content = {"apiVersion": resource.api_version, "kind": _KINDS[resource], **body}  # in a list they do not say it
        if self._store.remove(plural, content) if gone else self._store.put(plural, content):
            self._changed(resource, content)

    def _changed(self, resource: Resource, body: Object) -> None:
        """Wakes whom it concerns."""
        metadata = body["metadata"]
        owner = metadata["name"] if resource == SERVICES else (metadata.get("labels") or {}).get(LABEL)
        if owner is not None:
            self._queue.add((metadata["namespace"], owner))
        if resource == SERVICES or owner is None:
            self._judge()
        QUEUE.labels(KIND).set(len(self._queue))

    def _judge(self) -> None:
        for key in self._paths.judge():
            self._queue.add(key)

    async def _run(self) -> None:
        keys = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in self._store.all(SERVICES.plural)}
        self._untold = set(keys)
        for key in sorted(keys):
            self._queue.add(key)
        self._judge()
        self._uses.synced = not keys
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            key = await self._queue.take()
            QUEUE.labels(KIND).set(len(self._queue))
            self._busy[key] = loop.time()
            try:
                outcome = await self._one(key)
            finally:
                RECONCILE_SECONDS.labels(KIND).observe(loop.time() - self._busy.pop(key))
                self._queue.done(key)
            self._settle(key, outcome)

    async def _one(self, key: Key) -> Outcome | None:
        """None when it has to be done again."""
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                outcome = await self._round.run(*key)
        except KubernetesError as error:
            log.warning("CommerceService %s/%s is seen to again: %s", *key, error)
        except TimeoutError:
            log.warning("CommerceService %s/%s is seen to again: it took more than %.0f s", *key, ROUND_SECONDS)
        except Exception:
            log.exception("CommerceService %s/%s could not be seen to", *key)
        else:
            if outcome.result != "gone":
                RECONCILES.labels(KIND, outcome.result).inc()
            return outcome
        RECONCILES.labels(KIND, "failed").inc()
        return None

    def _settle(self, key: Key, outcome: Outcome | None) -> None:
        if outcome is None:
            self._queue.failed(key)
            return
        if self._untold is not None and outcome.read:  # while one cannot be read, no user is known to be wanted no more
            self._untold.discard(key)
            if not self._untold:
                self._untold, self._uses.synced = None, True
        if outcome.failed:
            self._queue.failed(key)
            return
        self._queue.succeeded(key)
        if outcome.result != "gone":
            resync = spread(self._settings.resync_seconds)
            self._queue.add_after(key, outcome.again or resync)

    def _on_user(self, name: str) -> None:
        """What became of a Kafka user."""
        namespace, dot, rest = name.partition(".")
        key = (namespace, rest) if dot else (self._settings.namespace, name)
        self._queue.add(key)
