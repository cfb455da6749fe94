"""CommerceServices as the API server gives them, and what becomes of them."""

from typing import Any

from mercato_operator.services.model import CommerceService, commerce_service
from mercato_operator.services.parts.rendering import children
from mercato_operator.settings import OperatorSettings

Object = dict[str, Any]
SETTINGS = OperatorSettings(
    namespace="shop",
    profiles="kubernetes",
    config_url="http://config",
    kafka_security_protocol="SASL_PLAINTEXT",
)
WHOLE: Object = {
    "image": "registry.example/loyalty:1.0",
    "replicas": 2,
    "route": {"pathPrefix": "/api/v1/loyalty"},
    "config": {"points_per_unit": 1},
    "database": {"enabled": True},
    "consumes": ["order.events"],
}


def body(name: str = "loyalty", namespace: str = "shop", *, annotations: Object | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "mercato.dev/v1alpha1",
        "kind": "CommerceService",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-of-{namespace}-{name}",
            "generation": 3,
            "resourceVersion": "7",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": {"image": "registry.example/loyalty:1.0", **spec},
    }


def service(name: str = "loyalty", namespace: str = "shop", **spec: Any) -> CommerceService:
    return commerce_service(body(name, namespace, **spec))


def whole(**changes: Any) -> CommerceService:
    """With everything a service can have."""
    return service(**{**WHOLE, **changes})


def made(owner: CommerceService, settings: OperatorSettings = SETTINGS, *, routed: bool = True) -> dict[str, Object]:
    """By kind; the two kinds of ConfigMaps as `ConfigMap` and `Route`."""
    found: dict[str, Object] = {}
    for each in children(owner, settings, {"mercato.dev/database-credential": "one"}, routed=routed):
        found["Route" if each["metadata"]["name"].endswith("-route") else each["kind"]] = each
    return found


def container(owner: CommerceService, settings: OperatorSettings = SETTINGS) -> Object:
    pod: Object = made(owner, settings)["Deployment"]["spec"]["template"]["spec"]
    (found,) = pod["containers"]
    return dict(found)


def environment(owner: CommerceService, settings: OperatorSettings = SETTINGS) -> dict[str, str]:
    """Values by name; of a Secret `name/key`."""
    found = {}
    for each in container(owner, settings)["env"]:
        reference = each.get("valueFrom", {}).get("secretKeyRef")
        found[each["name"]] = f"{reference['name']}/{reference['key']}" if reference else each["value"]
    return found
