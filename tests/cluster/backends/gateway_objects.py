"""Objects of the Gateway API, and what they lead to, in as few words as they allow."""

from typing import Any

from tests.support.administrator import Object

API = "gateway.networking.k8s.io"


def route(namespace: str, name: str, path: str, **changes: Any) -> Object:
    """An HTTPRoute to Service order at port 80; `parent` and `backend` change its references, `rule` the rule."""
    rule = {
        "matches": [{"path": {"type": "Exact", "value": path}}],
        "backendRefs": [{"name": "order", "port": 80, **changes.get("backend", {})}],
        **changes.get("rule", {}),
    }
    spec = {"parentRefs": [{"name": "mercato", **changes.get("parent", {})}], "rules": [rule]}
    return {
        "apiVersion": f"{API}/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**spec, **changes.get("spec", {})},
    }


def gateway(namespace: str, class_name: str, **listener: Any) -> Object:
    return {
        "apiVersion": f"{API}/v1",
        "kind": "Gateway",
        "metadata": {"name": "mercato", "namespace": namespace},
        "spec": {
            "gatewayClassName": class_name,
            "listeners": [{"name": "http", "protocol": "HTTP", "port": 80, **listener}],
        },
    }


def gateway_class(namespace: str) -> Object:
    return {
        "apiVersion": f"{API}/v1",
        "kind": "GatewayClass",
        "metadata": {"name": f"mercato-{namespace}"},
        "spec": {"controllerName": "mercato.dev/gateway"},
    }


def service(namespace: str, name: str = "order") -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"name": "http", "port": 80}]},
    }


def policy(namespace: str, name: str, target: Object, **fields: Any) -> Object:
    return {
        "apiVersion": "mercato.dev/v1alpha1",
        "kind": "GatewayPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"targetRefs": [{"group": API, **target}], **fields},
    }
