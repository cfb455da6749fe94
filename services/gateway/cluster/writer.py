"""Writes the statuses that have changed, by server-side apply under the gateway's own field manager."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.chassis.kube.client import Kubernetes, KubernetesError, Object
from services.chassis.retry import Attempts, Backoff
from services.gateway.cluster.conditions import due
from services.gateway.cluster.objects import ROUTES, Status

log = logging.getLogger(__name__)

FIELD_MANAGER: Final = "mercato-gateway"


class StatusWriter:
    """Writes the newest statuses it was given; older ones that were not written yet are forgotten."""

    def __init__(self, client: Kubernetes) -> None:
        self._client = client
        self._wanted: Sequence[Status] = ()
        self._given = asyncio.Event()

    def give(self, statuses: Sequence[Status]) -> None:
        self._wanted = statuses
        self._given.set()

    async def run(self) -> None:
        attempts = Attempts(Backoff(limit=2.0))
        while True:
            await self._given.wait()
            self._given.clear()
            try:
                await self._write(self._wanted)
                attempts.succeeded()
            except KubernetesError as error:
                if not attempts.failing:
                    log.warning("a status cannot be written: %s; trying again", error)
                await asyncio.sleep(attempts.failed())
                self._given.set()

    async def _write(self, statuses: Sequence[Status]) -> None:
        """As many as it can; raises the last error."""
        last: KubernetesError | None = None
        for status in statuses:
            content = due(status, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
            if content is None:
                continue
            try:
                await self._apply(status, content)
            except KubernetesError as error:
                # Changed or gone since it was read: the watch brings what it is now, and with it new statuses.
                if not (error.conflict or error.not_found):
                    last = error
        if last is not None:
            raise last

    async def _apply(self, status: Status, content: Object) -> None:
        observed = status.observed["metadata"]
        namespace, name = observed.get("namespace"), observed["name"]
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        if status.resource == ROUTES:
            # The list of parents is one value with the entries of all controllers: never over what we have not seen.
            metadata["resourceVersion"] = observed["resourceVersion"]
        body = {
            "apiVersion": status.resource.api_version,
            "kind": _KINDS[status.resource.plural],
            "metadata": metadata,
            "status": content,
        }
        await self._client.apply_status(status.resource, namespace, name, body, FIELD_MANAGER)


_KINDS: Final = {
    "gatewayclasses": "GatewayClass",
    "gateways": "Gateway",
    "httproutes": "HTTPRoute",
    "gatewaypolicies": "GatewayPolicy",
}
