"""One round for one CommerceService: what it asks for is brought about, as far as it can be, and its status told.

Each step begins with what is, so that a round that was cut off anywhere is finished by the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from mercato_operator.kube.conditions import Condition
from mercato_operator.kube.ownership import FINALIZER
from mercato_operator.services.children import Children, Leaving, Taken
from mercato_operator.services.database import DatabaseError
from mercato_operator.services.kinds import DEPLOYMENTS, PODS
from mercato_operator.services.model import CommerceService, InvalidServiceError, commerce_service
from mercato_operator.services.names import LABEL, Object, owned_by
from mercato_operator.services.objects import ServiceObjects, now
from mercato_operator.services.parts.rendering import children, secret_names
from mercato_operator.services.status import verdict as status
from mercato_operator.services.status import workload
from mercato_operator.services.status.shadowing import Claim
from mercato_operator.services.status.verdict import CONFLICT, Verdict
from mercato_operator.services.stores import Prepared, Stores
from mercato_operator.settings import OperatorSettings
from services.chassis.kube.client import Kubernetes, KubernetesError

_LOOK_AGAIN_SECONDS: Final = 10.0
"""Pods are not watched: while they come up they are asked again after so long."""

_REFUSALS: Final = {400, 403, 422}
"""By the server's rules, a quota, an admission webhook: asking again changes nothing by itself."""

Result = Literal["ready", "unready", "gone"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`again`: seconds until it should be looked at again, None: when something changes. `failed`: with backoff.

    `read`: whether it is known what the object asks for.
    """

    result: Result
    again: float | None = None
    failed: bool = False
    read: bool = True


@dataclass(slots=True)
class _Placed:
    """The Deployment and the HTTPRoute as they are then; `refused`: what the API server does not take."""

    deployment: Object | None
    route: Object | None = None
    refused: Condition | None = None


class Round:
    """`shadowed` answers the older claim on a service's path, if there is one."""

    def __init__(
        self,
        settings: OperatorSettings,
        client: Kubernetes,
        objects: ServiceObjects,
        stores: Stores,
        made: Children,
        *,
        shadowed: Callable[[CommerceService], Claim | None],
    ) -> None:
        self._settings, self._client, self._objects, self._stores = settings, client, objects, stores
        self._children, self._shadowed = made, shadowed

    async def run(self, namespace: str, name: str) -> Outcome:
        """Raises KubernetesError when the API server does not do what it is asked."""
        body = await self._objects.read(namespace, name)
        if body is None:
            self._stores.forget(namespace, name)
            self._children.forget(namespace, name)
            return Outcome("gone")
        try:
            service = commerce_service(body)
        except InvalidServiceError as error:
            return await self._invalid(body, str(error))
        if service.deleting:
            return await self._clean_up(service, body)
        # Before anything is made that it would have to take away; none where all is to stay.
        await self._objects.finalize(body, keep=service.spec.deletion_policy == "Delete")
        verdict, failed = await self._bring_about(service)
        before = body.get("status") or {}
        await self._objects.tell(body, status.status(service, self._settings, verdict, before, now()))
        result: Result = "ready" if verdict.ready.status == "True" else "unready"
        progressing = verdict.workload.status != "True" or verdict.route.status != "True"
        return Outcome(result, _LOOK_AGAIN_SECONDS if progressing else None, failed)

    # -- what is made -------------------------------------------------------------------------------------------------
    async def _bring_about(self, service: CommerceService) -> tuple[Verdict, bool]:
        """And whether something failed, so that it is tried again."""
        claim = self._shadowed(service)
        rendered = children(service, self._settings, {}, routed=claim is None)
        secrets = [("Secret", name) for name in secret_names(service, self._settings)]
        wanted = [*secrets, *((each["kind"], each["metadata"]["name"]) for each in rendered)]
        try:
            await self._children.refuse_others(service, wanted)
        except Taken as taken:
            deployment = await self._children.find(DEPLOYMENTS, service.namespace, service.name)
            if deployment is None or not owned_by(deployment, service.uid):  # else its pods run, and need their user
                self._stores.forget(*service.key)
            return status.nothing_done(Condition(CONFLICT, "True", "NameTaken", str(taken))), True
        except Leaving as leaving:
            return status.nothing_done(Condition(CONFLICT, "False", "Waiting", str(leaving))), True
        prepared = await self._stores.prepare(service)
        placed = await self._put_in_place(service, prepared, routed=claim is None)
        await self._children.prune(service, wanted)
        verdict = Verdict(
            database=prepared.database,
            messaging=prepared.messaging,
            route=status.route(service, self._settings, placed.route) if claim is None else status.not_served(claim),
            workload=placed.refused or await self._workload(service, placed.deployment),
            conflict=status.NO_CONFLICT if claim is None else status.shadowing(claim),
            deployment=placed.deployment,
        )
        return verdict, prepared.failed or placed.refused is not None

    async def _put_in_place(self, service: CommerceService, prepared: Prepared, *, routed: bool) -> _Placed:
        placed = _Placed(await self._children.find(DEPLOYMENTS, service.namespace, service.name))
        for content in children(service, self._settings, prepared.credentials, routed=routed):
            kind = content["kind"]
            if kind == "Deployment" and prepared.holds_back(placed.deployment):
                continue
            if kind == "ServiceMonitor" and not await self._children.known(kind, service.namespace):
                continue
            try:
                applied = await self._children.apply(content)
            except KubernetesError as error:
                if error.status not in _REFUSALS:
                    raise
                # Others are put in place all the same; the author is told.
                placed.refused = Condition(
                    workload.TYPE, "False", "Refused", f"The API server takes no such {kind}: {error}"
                )
                continue
            if kind == "Deployment":
                placed.deployment = applied
            elif kind == "HTTPRoute":
                placed.route = applied
        return placed

    async def _workload(self, service: CommerceService, deployment: Object | None) -> Condition:
        return workload.condition(service, deployment, await self._pods(service, deployment))

    async def _pods(self, service: CommerceService, deployment: Object | None) -> list[Object]:
        """Where the Deployment is not as it should be they know why."""
        if deployment is None or workload.rolled_out(deployment):
            return []
        selector = {"labelSelector": f"{LABEL}={service.name}", "limit": "20"}
        return (await self._client.list(PODS, service.namespace, selector))[0]

    # -- the end, and what cannot be used -----------------------------------------------------------------------------
    async def _clean_up(self, service: CommerceService, body: Object) -> Outcome:
        self._stores.forget(*service.key)
        if FINALIZER not in service.finalizers:
            return Outcome("gone")
        if service.spec.deletion_policy == "Delete":
            deployment = await self._children.find(DEPLOYMENTS, service.namespace, service.name)
            if deployment is not None and owned_by(deployment, service.uid):
                await self._children.remove(DEPLOYMENTS, deployment)  # its pods would miss what is dropped
            try:
                await self._stores.drop(service)
            except DatabaseError as error:
                text = f"{error}. To leave the data and let the object go, set spec.deletionPolicy to Retain."
                await self._refuse(body, error.reason, text)
                return Outcome("unready", failed=True)
        await self._objects.finalize(body, keep=False)
        return Outcome("gone")

    async def _invalid(self, body: Object, reason: str) -> Outcome:
        if "deletionTimestamp" in body["metadata"]:  # nobody knows what was asked for: all stays
            await self._objects.finalize(body, keep=False)
            return Outcome("gone")
        await self._refuse(body, "Invalid", reason)
        return Outcome("unready", read=False)

    async def _refuse(self, body: Object, reason: str, message: str) -> None:
        before, generation = body.get("status") or {}, body["metadata"].get("generation", 0)
        await self._objects.tell(body, status.refused(generation, reason, message, before, now()))
