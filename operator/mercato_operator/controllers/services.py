"""The controller of CommerceServices: events fill a store and wake keys, workers bring about what each asks for."""

import asyncio
import logging
import random
from collections.abc import Iterator, Sequence
from typing import Final

from mercato_operator.commerce.kinds import CONFIGMAPS, HTTPROUTES, MONITORS, RESOURCES, SERVICES
from mercato_operator.commerce.model import CommerceService, InvalidServiceError, commerce_service
from mercato_operator.commerce.names import GATEWAY_CONFIG_LABEL, LABEL, Object
from mercato_operator.commerce.shadowing import Claim, of_documents, of_routes, shadowed
from mercato_operator.controllers.children import Children
from mercato_operator.controllers.credentials import Credentials
from mercato_operator.controllers.service_objects import ServiceObjects
from mercato_operator.controllers.service_round import Outcome, Round
from mercato_operator.controllers.service_stores import Stores
from mercato_operator.controllers.store import Store
from mercato_operator.controllers.watched import Watched
from mercato_operator.events import Recorder
from mercato_operator.messaging.uses import Uses
from mercato_operator.metrics import QUEUE, RECONCILE_SECONDS, RECONCILES
from mercato_operator.settings import OperatorSettings
from mercato_operator.workqueue import WorkQueue
from services.chassis.kubernetes import Kubernetes, KubernetesError, Resource
from services.chassis.tasks import essential, stop

log = logging.getLogger(__name__)

KIND: Final = "CommerceService"
ROUND_SECONDS: Final = 90.0
STUCK_SECONDS: Final = 180.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0

Key = tuple[str, str]


class ServicesController:
    """`event` is cheap and never waits. Start it before events come, or after: it reads what there is by itself."""

    def __init__(self, settings: OperatorSettings, client: Kubernetes, uses: Uses, recorder: Recorder) -> None:
        self._settings, self._client, self._uses = settings, client, uses
        self._store = Store()
        self._queue = WorkQueue[Key]()
        made = Children(client, self._store, [each.resource for each in self.watched])
        stores = Stores(settings, Credentials(client, self._store, made), uses)
        objects = ServiceObjects(client, recorder)
        self._round = Round(settings, client, objects, stores, made, shadowed=self._shadowed)
        self._conflicts: dict[Key, Claim | None] = {}
        self._untold: set[Key] | None = None
        """Services of the first listing whose use of Kafka was not told yet."""
        self._busy: dict[Key, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        uses.on_state(self._on_user)

    @property
    def watched(self) -> Sequence[Watched]:
        """What it must be told of by `event`."""
        kinds = [each for each in RESOURCES.values() if each not in {MONITORS, HTTPROUTES}]
        found = [Watched(SERVICES), *(Watched(each, LABEL) for each in kinds)]
        if self._settings.routes == "configmap":
            found.append(Watched(CONFIGMAPS, GATEWAY_CONFIG_LABEL, "true", own=True))
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

    def event(self, resource: Resource, type_: str | None, body: Object) -> None:
        """ADDED, MODIFIED, DELETED, or None for what a first list holds."""
        gone = type_ == "DELETED"
        plural, metadata = resource.plural, body["metadata"]
        changed = self._store.remove(plural, body) if gone else self._store.put(plural, body)
        if not changed:
            return
        if plural == SERVICES.plural:
            self._queue.add((metadata["namespace"], metadata["name"]))
            self._judge()
        elif owner := (metadata.get("labels") or {}).get(LABEL):
            self._queue.add((metadata["namespace"], owner))
        else:
            self._judge()
        QUEUE.labels(KIND).set(len(self._queue))

    # -- paths --------------------------------------------------------------------------------------------------------
    def _shadowed(self, service: CommerceService) -> Claim | None:
        if service.spec.route is None or service.deleting:
            return None
        return shadowed(_claim(service), self._claims())

    def _claims(self) -> list[Claim]:
        own = [_claim(each) for each in self._services() if each.spec.route is not None and not each.deleting]
        if self._settings.routes == "httproute":
            platform = of_routes(each for each in self._store.all(HTTPROUTES.plural) if not _labelled(each))
        else:
            configmaps = (each for each in self._store.all(CONFIGMAPS.plural) if _holds_routes(each))
            platform = of_documents(each for each in configmaps if not _labelled(each))
        return [*own, *platform]

    def _judge(self) -> None:
        """Wakes those whose path is somebody else's, or is not any more."""
        claims = self._claims()
        now: dict[Key, Claim | None] = {}
        for service in self._services():
            if service.spec.route is not None and not service.deleting:
                now[service.key] = shadowed(_claim(service), claims)
        for key, claim in now.items():
            if claim != self._conflicts.get(key):
                self._queue.add(key)
        self._conflicts = now

    def _services(self) -> Iterator[CommerceService]:
        for body in self._store.all(SERVICES.plural):
            try:
                yield commerce_service(body)
            except InvalidServiceError:
                continue  # its own round tells

    # -- work ---------------------------------------------------------------------------------------------------------
    async def _run(self) -> None:
        await self._read_all()
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.workers):
                group.create_task(self._work())

    async def _read_all(self) -> None:
        """What there is, before anything is done: who looks at half of it takes away the other half."""
        pause = _FIRST_PAUSE
        while True:
            try:
                for each in self.watched:
                    await self._read(each)
                break
            except KubernetesError as error:
                log.warning("CommerceServices wait for the API server: %s", error)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads attempts
                pause = min(_LONGEST_PAUSE, pause * 2)
        keys = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in self._store.all(SERVICES.plural)}
        self._untold = set(keys)
        for key in sorted(keys):
            self._queue.add(key)
        self._judge()
        self._uses.synced = not keys

    async def _read(self, watched: Watched) -> None:
        selectors = {"labelSelector": watched.selector} if watched.selector else None
        for namespace in [self._settings.namespace] if watched.own else self._settings.all_namespaces:
            items, _ = await self._client.list(watched.resource, namespace, selectors)
            kind = next((kind for kind, resource in RESOURCES.items() if resource == watched.resource), KIND)
            for each in items:  # in a list they do not say what they are
                content = {"apiVersion": watched.resource.api_version, "kind": kind, **each}
                self._store.put(watched.resource.plural, content)

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
        if self._untold is not None:
            self._untold.discard(key)
            if not self._untold:
                self._untold, self._uses.synced = None, True
        if outcome.failed:
            self._queue.failed(key)
            return
        self._queue.succeeded(key)
        if outcome.result != "gone":
            resync = self._settings.resync_seconds * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the load
            self._queue.add_after(key, outcome.again or resync)

    def _on_user(self, name: str) -> None:
        """What became of a Kafka user."""
        namespace, dot, rest = name.partition(".")
        key = (namespace, rest) if dot else (self._settings.namespace, name)
        self._queue.add(key)


def _claim(service: CommerceService) -> Claim:
    assert service.spec.route is not None  # noqa: S101 - whoever calls has looked
    owner = f"CommerceService {service.namespace}/{service.name}"
    return Claim(service.spec.route.path_prefix, owner, (service.created, service.namespace, service.name))


def _labelled(body: Object) -> bool:
    return LABEL in (body["metadata"].get("labels") or {})


def _holds_routes(body: Object) -> bool:
    return (body["metadata"].get("labels") or {}).get(GATEWAY_CONFIG_LABEL) == "true"
