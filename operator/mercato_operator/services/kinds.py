"""The kinds of objects that a CommerceService becomes, and how what is compares with what should be. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from mercato_operator.services.names import Object
from services.chassis.kube.client import Resource

APPLIED: Final = "mercato.dev/applied"
"""Annotation: a hash of what was applied last, so that a field that is no longer wanted is noticed."""

SERVICES: Final = Resource("mercato.dev/v1alpha1", "commerceservices")
SECRETS: Final = Resource("v1", "secrets")
CONFIGMAPS: Final = Resource("v1", "configmaps")
DEPLOYMENTS: Final = Resource("apps/v1", "deployments")
HTTPROUTES: Final = Resource("gateway.networking.k8s.io/v1", "httproutes")
MONITORS: Final = Resource("monitoring.coreos.com/v1", "servicemonitors")
PODS: Final = Resource("v1", "pods")

RESOURCES: Final[Mapping[str, Resource]] = {
    "ServiceAccount": Resource("v1", "serviceaccounts"),
    "Secret": SECRETS,
    "ConfigMap": CONFIGMAPS,
    "Service": Resource("v1", "services"),
    "NetworkPolicy": Resource("networking.k8s.io/v1", "networkpolicies"),
    "PodDisruptionBudget": Resource("policy/v1", "poddisruptionbudgets"),
    "Deployment": DEPLOYMENTS,
    "HorizontalPodAutoscaler": Resource("autoscaling/v2", "horizontalpodautoscalers"),
    "ServiceMonitor": MONITORS,
    "HTTPRoute": HTTPROUTES,
}
"""In the order in which they are put in place."""


def stamped(content: Object) -> Object:
    """With the annotation that tells this content from any other."""
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    about = content["metadata"]
    annotations = {**about.get("annotations", {}), APPLIED: digest}
    return {**content, "metadata": {**about, "annotations": annotations}}


def stamp(content: Mapping[str, Any]) -> str | None:
    return (content["metadata"].get("annotations") or {}).get(APPLIED)


def contains(live: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there. The server adds defaults to maps; a list is as long as it was written."""
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return live is None and not wanted
        return all(contains(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(live, list):
            return live is None and not wanted
        return len(live) == len(wanted) and all(map(contains, live, wanted))
    return bool(live == wanted)
