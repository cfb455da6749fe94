"""The objects of a cluster that routes depend on, all of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.chassis.kube.client import Object, Resource
from services.chassis.kube.reflector import Key
from services.gateway.models import POLICY_API, ROUTE_API, ROUTE_GROUP

CONTROLLER: Final = "mercato.dev/gateway"
"""`spec.controllerName` of the GatewayClasses that are ours."""

CLASSES: Final = Resource(ROUTE_API, "gatewayclasses")
GATEWAYS: Final = Resource(ROUTE_API, "gateways")
ROUTES: Final = Resource(ROUTE_API, "httproutes")
GRANTS: Final = Resource(f"{ROUTE_GROUP}/v1beta1", "referencegrants")
POLICIES: Final = Resource(POLICY_API, "gatewaypolicies")
SERVICES: Final = Resource("v1", "services")
NAMESPACES: Final = Resource("v1", "namespaces")

Condition = dict[str, Any]
Objects = Mapping[Key, Object]


@dataclass(frozen=True)
class Cluster:
    """Each kind by (namespace, name)."""

    classes: Objects = field(default_factory=dict)
    gateways: Objects = field(default_factory=dict)
    routes: Objects = field(default_factory=dict)
    grants: Objects = field(default_factory=dict)
    policies: Objects = field(default_factory=dict)
    services: Objects = field(default_factory=dict)
    namespaces: Objects = field(default_factory=dict)


@dataclass(frozen=True)
class Status:
    """What an object's status is to say; `observed` is the object as it was read."""

    resource: Resource
    observed: Object
    content: Mapping[str, Any]


def condition(kind: str, about: Object, *, holds: bool, reason: str, message: str = "") -> Condition:
    """A condition of this generation, without the time, which depends on what was there before."""
    return {
        "type": kind,
        "status": "True" if holds else "False",
        "reason": reason,
        "message": message[:1024],
        "observedGeneration": about["metadata"].get("generation", 1),
    }
