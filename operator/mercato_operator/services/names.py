"""Names, labels and ownership of what a CommerceService becomes."""

from collections.abc import Mapping
from typing import Any, Final

from mercato_operator.kube.ownership import MANAGED_BY
from mercato_operator.services.model import API_VERSION, KIND, CommerceService

Object = dict[str, Any]

LABEL: Final = "mercato.dev/commerce-service"
"""On each child and each pod: the CommerceService's name."""
CONFIG_LABEL: Final = "mercato.dev/config"
GATEWAY_CONFIG_LABEL: Final = "mercato.dev/gateway-config"
BACKENDS: Final = "mercato.dev/backends"
"""Annotation of a ConfigMap with routes: names of backends that exist, ready or not."""
RESTART_LABEL: Final = "mercato.dev/restart-on-config"
"""A Deployment that says `true` is restarted when one of its settings that are read at start only has changed."""


_DATABASE, _KAFKA, _ROUTE = "-database", "-kafka", "-route"


def database_secret(service: CommerceService) -> str:
    return f"{service.name}{_DATABASE}"


def kafka_secret(service: CommerceService) -> str:
    return f"{service.name}{_KAFKA}"


def route_configmap(service: CommerceService) -> str:
    return f"{service.name}{_ROUTE}"


def all_of(name: str) -> tuple[str, ...]:
    """Every name that an object of the service `name` may have."""
    return name, f"{name}{_DATABASE}", f"{name}{_KAFKA}", f"{name}{_ROUTE}"


def role(service: CommerceService, own_namespace: str) -> str:
    """Its role and its database. A Kubernetes name has no dot, so that names of two namespaces never meet."""
    return service.name if service.namespace == own_namespace else f"{service.namespace}.{service.name}"


user = role
"""Its user in Kafka, and its consumer group."""


def selector(service: CommerceService) -> dict[str, str]:
    """Of its pods; it can never change."""
    return {LABEL: service.name}


def labels(service: CommerceService) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": service.name,
        **MANAGED_BY,
        **selector(service),
    }


def owner(service: CommerceService) -> Object:
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": service.name,
        "uid": service.uid,
        "controller": True,
    }


def metadata(
    service: CommerceService,
    name: str | None = None,
    more: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """Of a child, which has the service's own name unless another is given."""
    found: Object = {
        "name": name or service.name,
        "namespace": service.namespace,
        "labels": {**labels(service), **(more or {})},
        "ownerReferences": [owner(service)],
    }
    return {**found, "annotations": dict(annotations)} if annotations else found


def may_take(child: Mapping[str, Any], service: CommerceService) -> bool:
    """Whether the object is the service's, or was an earlier one's that left it behind."""
    if owned_by(child, service.uid):
        return True
    controlled = any(each.get("controller") for each in child["metadata"].get("ownerReferences") or ())
    return not controlled and (child["metadata"].get("labels") or {}).get(LABEL) == service.name


def owned_by(child: Mapping[str, Any], uid: str) -> bool:
    """Whether the object with that uid controls the child."""
    references = child["metadata"].get("ownerReferences") or ()
    return any(each.get("uid") == uid and each.get("controller") for each in references)
