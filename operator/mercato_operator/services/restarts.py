"""Restarts the labelled Deployments whose settings changed that are read at start only, one at a time.

Only a service knows which of its settings it reads at start: it reports them by `restart_pending` in `/readyz`. What
the last rollout was for is written on the pods, so that one that does not help is not repeated, and one that does not
come up keeps the others from being restarted into the same trouble.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import orjson

from mercato_operator.kube.controller import Watched
from mercato_operator.services.kinds import CONFIGMAPS, DEPLOYMENTS, PODS
from mercato_operator.services.names import CONFIG_LABEL, RESTART_LABEL
from mercato_operator.services.status.pending import Pods
from mercato_operator.services.status.workload import rolled_out
from mercato_operator.services.store import Object, Store
from services.chassis.kube.client import Kubernetes, KubernetesError, Resource
from services.chassis.kube.events import News, Recorder
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

RESTARTED_FOR: Final = "mercato.dev/restarted-for"
"""Annotation of the pods: a hash of the settings for which they were last restarted."""
SETTLE_SECONDS: Final = 3.0
"""Services hear of a change within a moment; until then they report nothing."""
LOOK_SECONDS: Final = 60.0
"""After so long they are asked whatever happened."""


class Restarts:
    """`event` is cheap and never waits."""

    def __init__(self, client: Kubernetes, recorder: Recorder, *, settle: float = SETTLE_SECONDS) -> None:
        self._client, self._recorder, self._settle = client, recorder, settle
        self._store = Store()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def watched(self) -> Sequence[Watched]:
        """What it must be told of by `event`."""
        return [Watched(CONFIGMAPS, {CONFIG_LABEL: "true"}), Watched(DEPLOYMENTS, {RESTART_LABEL: "true"})]

    async def start(self) -> None:
        self._task = essential(self._run(), "restarts")

    async def stop(self) -> None:
        if self._task is not None:
            await stop(self._task)

    def healthy(self) -> str | None:
        """Its work is bounded by timeouts, and its end ends the process."""
        return None

    def event(self, resource: Resource, type_: str, body: Object) -> None:
        """ADDED, MODIFIED or DELETED."""
        gone = type_ == "DELETED"
        if self._store.remove(resource.plural, body) if gone else self._store.put(resource.plural, body):
            self._woken.set()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)
            await asyncio.sleep(self._settle)
            self._woken.clear()
            try:
                async with Pods() as pods:
                    await self._look(pods)
            except KubernetesError as error:
                log.warning("Deployments are asked again which settings wait for a restart: %s", error)

    async def _look(self, pods: Pods) -> None:
        """Begins at most one restart; the rollout's own events lead to the next."""
        settings = self._settings()
        found = sorted(self._store.all(DEPLOYMENTS.plural), key=_where)
        if any(_comes_up(each, settings) for each in found):
            return
        for deployment in found:
            if not deployment["spec"].get("replicas") or not rolled_out(deployment):
                continue
            names = await pods.pending(await self._pods(deployment))
            if not names:
                continue
            if _restarted_for(deployment) == settings:
                log.warning(
                    "%s/%s waits for a restart that did not help: %s", *_where(deployment), ", ".join(sorted(names))
                )
                continue
            await self._restart(deployment, settings, names)
            return

    async def _pods(self, deployment: Object) -> list[Object]:
        labels: dict[str, str] = deployment["spec"]["selector"].get("matchLabels") or {}
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        return (await self._client.list(PODS, _where(deployment)[0], {"labelSelector": selector}))[0]

    async def _restart(self, deployment: Object, settings: str, names: frozenset[str]) -> None:
        namespace, name = _where(deployment)
        template = {"metadata": {"annotations": {RESTARTED_FOR: settings}}}
        about = {"resourceVersion": deployment["metadata"]["resourceVersion"]}
        changed = await self._client.merge(
            DEPLOYMENTS, namespace, name, {"metadata": about, "spec": {"template": template}}
        )
        self._store.put(DEPLOYMENTS.plural, changed)
        told = f"It is restarted, since settings changed that it reads at start: {', '.join(sorted(names))}."
        log.info("Deployment %s/%s: %s", namespace, name, told)
        body = {"apiVersion": DEPLOYMENTS.api_version, "kind": "Deployment", "metadata": deployment["metadata"]}
        self._recorder.tell(News(body, "Normal", "RestartedForSettings", told))

    def _settings(self) -> str:
        """Of all that the config service gives; a change of any of it is another one."""
        found = sorted((*_where(each), each.get("data") or {}) for each in self._store.all(CONFIGMAPS.plural))
        return hashlib.sha256(orjson.dumps(found, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _where(body: Object) -> tuple[str, str]:
    metadata: dict[str, Any] = body["metadata"]
    return metadata["namespace"], metadata["name"]


def _comes_up(deployment: Object, settings: str) -> bool:
    """Whether a restart is under way. One for older settings is given up where Kubernetes has given it up.

    Pods that are lost long after their rollout hold up nobody.
    """
    restarted_for, status = _restarted_for(deployment), deployment.get("status") or {}
    if restarted_for is None or rolled_out(deployment):
        return False
    reasons = {each.get("reason") for each in status.get("conditions") or ()}
    heard = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    if heard and "NewReplicaSetAvailable" in reasons:
        return False
    return restarted_for == settings or "ProgressDeadlineExceeded" not in reasons


def _restarted_for(deployment: Object) -> str | None:
    annotations = deployment["spec"]["template"]["metadata"].get("annotations") or {}
    found: str | None = annotations.get(RESTARTED_FOR)
    return found
