"""The status of a CommerceService. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mercato_operator.kube.conditions import Condition, merged
from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, role
from mercato_operator.services.parts.environment import kafka_user
from mercato_operator.services.status import workload
from mercato_operator.services.status.shadowing import Claim
from mercato_operator.settings import OperatorSettings
from mercato_operator.topics.uses import Use, UserState

DATABASE: Final = "DatabaseReady"
MESSAGING: Final = "MessagingReady"
ROUTE: Final = "RouteReady"
CONFLICT: Final = "Conflict"
READY: Final = "Ready"
NO_CONFLICT: Final = Condition(CONFLICT, "False", "NoConflict", "Nobody else has its names or its path.")
PASSING: Final = frozenset({"Pending", "Progressing", "Waiting"})
"""Reasons that need nobody: time will do."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of each part; `deployment` as it is, None where there is none."""

    database: Condition
    messaging: Condition
    route: Condition
    workload: Condition
    conflict: Condition = NO_CONFLICT
    deployment: Mapping[str, Any] | None = None

    @property
    def ready(self) -> Condition:
        if self.conflict.status == "True":
            return Condition(READY, "False", self.conflict.reason, self.conflict.message)
        for part in (self.database, self.messaging, self.workload, self.route):
            if part.status != "True":
                return Condition(READY, "False", part.reason, part.message)
        if self.workload.reason == "Suspended":
            return Condition(READY, "True", "Suspended", self.workload.message)
        return Condition(READY, "True", "Ready", "All of it is as it should be.")

    @property
    def conditions(self) -> list[Condition]:
        return [self.ready, self.database, self.messaging, self.route, self.workload, self.conflict]


def status(
    service: CommerceService, settings: OperatorSettings, verdict: Verdict, before: Object, at: datetime
) -> Object:
    """As it is written; `before` is the one there is."""
    found: Object = {
        "observedGeneration": service.generation,
        "conditions": merged(before.get("conditions") or (), verdict.conditions, service.generation, at),
    }
    pods = (verdict.deployment or {}).get("status") or {}
    found |= {"replicas": pods.get("replicas", 0), "readyReplicas": pods.get("readyReplicas", 0)}
    if service.spec.route is not None and verdict.route.status == "True":
        found["route"] = service.spec.route.path_prefix
    if service.spec.database.enabled:
        found["database"] = role(service, settings.namespace)
    if service.messages:
        found["kafkaUser"] = kafka_user(service, settings)
    return found


def refused(generation: int, reason: str, message: str, before: Object, at: datetime) -> Object:
    """Of an object of which nothing can be made."""
    conditions = merged(before.get("conditions") or (), [Condition(READY, "False", reason, message)], generation, at)
    return {"observedGeneration": generation, "conditions": conditions}


def nothing_done(conflict: Condition) -> Verdict:
    """Where somebody else has its names."""

    def part(type_: str) -> Condition:
        return Condition(type_, "Unknown", conflict.reason, f"Nothing is made. {conflict.message}")

    return Verdict(part(DATABASE), part(MESSAGING), part(ROUTE), part(workload.TYPE), conflict)


def no_database() -> Condition:
    return Condition(DATABASE, "True", "NotRequested", "It has no database.")


def provisioned(name: str, others: str) -> Condition:
    """`others`: databases that everyone may connect to."""
    if others:
        told = f"The role {name} has its database; as everyone, it may connect to {others}: revoke that from PUBLIC."
    else:
        told = f"The role {name} reaches the database {name} and nothing else."
    return Condition(DATABASE, "True", "Provisioned", told)


def messaging(use: Use | None, state: UserState | None) -> Condition:
    """`use` is None where it does not speak to Kafka."""
    if use is None:
        return Condition(MESSAGING, "True", "NotRequested", "It names no topics.")
    if state is None or state.use != use:
        return Condition(MESSAGING, "False", "Pending", "Its Kafka user and its rights are being seen to.")
    return Condition(MESSAGING, "True" if state.ready else "False", state.reason, state.message)


def route(service: CommerceService, settings: OperatorSettings, live: Object | None) -> Condition:
    """`live` is the ConfigMap or HTTPRoute with its route, None where there is none."""
    if service.spec.route is None:
        return Condition(ROUTE, "True", "NotRequested", "It has no route.")
    path = service.spec.route.path_prefix
    if settings.routes == "none":
        text = "The gateway takes no routes but its own: set the chart's gateway.source to configmap."
        return Condition(ROUTE, "False", "NotSupported", text)
    if settings.routes == "configmap":
        if service.namespace != settings.namespace:
            text = f"The gateway reads routes of {settings.namespace} alone: create the service there."
            return Condition(ROUTE, "False", "OtherNamespace", text)
        return Condition(ROUTE, "True", "Published", f"The gateway is told that {path} leads here.")
    return _accepted(path, live)


def not_served(claim: Claim) -> Condition:
    return Condition(ROUTE, "False", "PathTaken", f"It is not served, since {claim.path} is of {claim.owner}.")


def shadowing(claim: Claim) -> Condition:
    text = f"{claim.path} is of {claim.owner}, which is older: choose a path that is not equal to it nor below it."
    return Condition(CONFLICT, "True", "PathTaken", text)


def _accepted(path: str, live: Object | None) -> Condition:
    parents: Sequence[Object] = ((live or {}).get("status") or {}).get("parents") or ()
    told = {each["type"]: each for parent in parents for each in parent.get("conditions") or ()}
    for each in ("Accepted", "ResolvedRefs"):
        if each in told and told[each]["status"] != "True":
            return Condition(ROUTE, "False", told[each]["reason"], told[each].get("message", ""))
    if "Accepted" not in told:
        return Condition(ROUTE, "False", "Pending", "No gateway has taken the route yet.")
    return Condition(ROUTE, "True", "Accepted", f"The gateway leads {path} here.")
