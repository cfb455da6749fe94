"""The route: an HTTPRoute of the Gateway API, as an object or as a document in a ConfigMap. Pure."""

import yaml

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import BACKENDS, GATEWAY_CONFIG_LABEL, Object, metadata, route_configmap
from mercato_operator.settings import OperatorSettings

_API = "gateway.networking.k8s.io/v1"


def route(service: CommerceService, settings: OperatorSettings) -> Object | None:
    """In the form the gateway reads; None without a route, or where the gateway takes no others.

    A gateway reads ConfigMaps of its own namespace alone.
    """
    if service.spec.route is None or settings.routes == "none":
        return None
    if settings.routes == "httproute":
        return {
            "apiVersion": _API,
            "kind": "HTTPRoute",
            "metadata": metadata(service),
            "spec": _spec(service, settings),
        }
    if service.namespace != settings.namespace:
        return None
    # The gateway takes the older of two routes; those of the platform itself are older than any.
    about = {"name": service.name, "creationTimestamp": service.created}
    document = {"apiVersion": _API, "kind": "HTTPRoute", "metadata": about, "spec": _spec(service, settings)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(
            service, route_configmap(service), {GATEWAY_CONFIG_LABEL: "true"}, {BACKENDS: service.name}
        ),
        "data": {"route.yaml": yaml.safe_dump(document, sort_keys=False)},
    }


def _spec(service: CommerceService, settings: OperatorSettings) -> Object:
    assert service.spec.route is not None  # noqa: S101 - whoever calls has looked
    prefix = {"type": "PathPrefix", "value": service.spec.route.path_prefix}
    parent: Object = {"name": settings.gateway_name}
    if service.namespace != settings.namespace:
        parent["namespace"] = settings.namespace
    rule = {
        "name": "all",
        "matches": [{"path": prefix}],
        "backendRefs": [{"name": service.name, "port": 80}],
    }
    return {"parentRefs": [parent], "rules": [rule]}
