"""A CommerceService itself in the API server: its finalizer and its status."""

from datetime import UTC, datetime
from typing import Literal

from mercato_operator.kube.conditions import find
from mercato_operator.kube.ownership import FINALIZER, MANAGER
from mercato_operator.services.kinds import SERVICES
from mercato_operator.services.names import Object
from mercato_operator.services.status.verdict import PASSING, READY
from services.chassis.kube.client import Kubernetes, KubernetesError
from services.chassis.kube.events import News, Recorder


class ServiceObjects:
    """Each call raises KubernetesError."""

    def __init__(self, client: Kubernetes, recorder: Recorder) -> None:
        self._client, self._recorder = client, recorder

    async def read(self, namespace: str, name: str) -> Object | None:
        """As it is now; None where there is none."""
        try:
            return await self._client.get(SERVICES, namespace, name)
        except KubernetesError as error:
            if not error.not_found:
                raise
            return None

    async def finalize(self, body: Object, *, keep: bool) -> None:
        """With our finalizer, or without; the version makes it fail rather than lose one that came in between."""
        metadata = body["metadata"]
        now = metadata.get("finalizers") or []
        if keep == (FINALIZER in now):
            return
        others = [each for each in now if each != FINALIZER]
        about = {
            "resourceVersion": metadata["resourceVersion"],
            "finalizers": [*others, FINALIZER] if keep else others,
        }
        changed = await self._client.merge(SERVICES, metadata["namespace"], metadata["name"], {"metadata": about})
        body["metadata"] = changed["metadata"]

    async def tell(self, body: Object, now: Object) -> None:
        """Writes the status where it differs, and an Event where a person should look."""
        before, metadata = body.get("status") or {}, body["metadata"]
        if now == before:
            return
        about = {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
        content = {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": about, "status": now}
        await self._client.apply_status(SERVICES, metadata["namespace"], metadata["name"], content, MANAGER)
        was, ready = find(before, READY), find(now, READY)
        same = (was.get("status"), was.get("reason")) == (ready["status"], ready["reason"])
        if not same and ready["reason"] not in PASSING:
            kind: Literal["Normal", "Warning"] = "Normal" if ready["status"] == "True" else "Warning"
            self._recorder.tell(News(body, kind, ready["reason"], ready["message"]))


def now() -> datetime:
    return datetime.now(UTC)
