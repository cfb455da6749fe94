"""One active instance: a Lease that its holder renews, and that another takes over when it is not renewed.

As client-go's leader election: nobody trusts another's clock. A lease has run out when it was seen unchanged for its
whole duration by one's own; a holder that could not renew it for a shorter time ends before that.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource
from services.chassis.retry import spread

log = logging.getLogger(__name__)

LEASES: Final = Resource("coordination.k8s.io/v1", "leases")
DURATION_SECONDS: Final = 15
RENEW_SECONDS: Final = 10.0
"""A holder that could not renew it for so long ends."""
RETRY_SECONDS: Final = 2.0


class LeaseLost(Exception):
    """Another instance may be active now, or soon: this one must do nothing more."""


class Lease:
    """`holder` is a name that no other live process has; who has it may take over from a dead one of that name."""

    def __init__(self, client: Kubernetes, namespace: str, name: str, holder: str) -> None:
        self._client, self._namespace, self._name, self._holder = client, namespace, name, holder
        self._seen: tuple[object, float] = (None, 0.0)
        self._renewed = 0.0

    async def acquire(self) -> None:
        """Returns once it is ours. The API server may be late."""
        told: str | None = None
        while True:
            begun = time.monotonic()
            try:
                other = await self._try()
            except KubernetesError as error:
                other = f"the API server: {error}"
            if other is None:
                self._renewed = begun
                log.info("the lease %s is held by %s", self._name, self._holder)
                return
            if other != told:
                log.info("stands by, waiting for %s", other)
                told = other
            await asyncio.sleep(spread(RETRY_SECONDS))

    async def keep(self) -> NoReturn:
        """Renews it, for as long as that goes well. Raises LeaseLost."""
        while True:
            await asyncio.sleep(spread(RETRY_SECONDS))
            begun = time.monotonic()
            if begun - self._renewed > RENEW_SECONDS:  # the process itself may have been stopped
                raise LeaseLost(f"the lease {self._name} could not be renewed for {begun - self._renewed:.0f} s")
            try:
                async with asyncio.timeout(RENEW_SECONDS - (begun - self._renewed)):
                    other = await self._try()
            except (KubernetesError, TimeoutError) as error:
                log.warning("the lease %s could not be renewed: %s", self._name, error or "no answer")
                continue
            if other is not None:
                raise LeaseLost(f"the lease {self._name} is with {other} now")
            self._renewed = begun

    async def release(self) -> None:
        """Another may take it at once."""
        try:
            async with asyncio.timeout(RETRY_SECONDS):
                found = await self._client.get(LEASES, self._namespace, self._name)
                if found["spec"].get("holderIdentity") == self._holder:
                    spec = {**found["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
                    await self._client.replace(LEASES, self._namespace, self._name, {**found, "spec": spec})
        except (KubernetesError, TimeoutError) as error:
            log.info("the lease %s was not given back: it runs out (%s)", self._name, error or "no answer")

    async def _try(self) -> str | None:
        """Takes or renews it; who has it where that cannot be. Raises KubernetesError."""
        try:
            found = await self._client.get(LEASES, self._namespace, self._name)
        except KubernetesError as error:
            if not error.not_found:
                raise
            return await self._write(None)
        spec: dict[str, Any] = found.get("spec") or {}
        other = spec.get("holderIdentity") or ""
        if other not in {"", self._holder} and not self._has_run_out(spec):
            return str(other)
        return await self._write(found)

    def _has_run_out(self, spec: Object) -> bool:
        seen, now = (spec.get("holderIdentity"), spec.get("renewTime")), time.monotonic()
        if seen != self._seen[0]:
            self._seen = (seen, now)
        return now - self._seen[1] > float(spec.get("leaseDurationSeconds") or DURATION_SECONDS)

    async def _write(self, found: Object | None) -> str | None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before: dict[str, Any] = (found or {}).get("spec") or {}
        mine = before.get("holderIdentity") == self._holder
        spec = {
            **before,
            "holderIdentity": self._holder,
            "leaseDurationSeconds": DURATION_SECONDS,
            "renewTime": now,
            "acquireTime": before.get("acquireTime", now) if mine else now,
            "leaseTransitions": int(before.get("leaseTransitions") or 0) + (0 if mine or found is None else 1),
        }
        try:
            if found is None:
                metadata = {"name": self._name, "namespace": self._namespace}
                kind = {"apiVersion": LEASES.api_version, "kind": "Lease"}
                await self._client.create(LEASES, self._namespace, {**kind, "metadata": metadata, "spec": spec})
            else:
                await self._client.replace(LEASES, self._namespace, self._name, {**found, "spec": spec})
        except KubernetesError as error:
            if error.conflict:
                return "another instance that was faster"
            raise
        return None
