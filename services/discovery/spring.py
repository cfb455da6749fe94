"""Spring Cloud Kubernetes' rules: whether a service's port is secure, and what is told as its metadata.

As KubernetesDiscoveryClient (spring-cloud-kubernetes 3) has them, so that its clients find what they are used to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.kube.service_ports import Port

_SECURED = "secured"
_YES = {"true", "on", "yes", "1"}
_SECURE_PORTS = {443, 8443}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def is_secure(port: Port, labels: Mapping[str, str], annotations: Mapping[str, str]) -> bool:
    """By label or annotation `secured`, by the number, or by the name `https`."""
    said = (labels.get(_SECURED, ""), annotations.get(_SECURED, ""))
    return any(one.lower() in _YES for one in said) or port[1] in _SECURE_PORTS or port[0] == "https"


def metadata(service: Mapping[str, Any], ports: Sequence[Port]) -> dict[str, str]:
    """Labels and annotations of the service, its ports, its namespace and its type."""
    found = service.get("metadata", {})
    annotations = {key: value for key, value in (found.get("annotations") or {}).items() if key != _LAST_APPLIED}
    told = {**(found.get("labels") or {}), **annotations}
    told |= {f"port.{name or '<unset>'}": str(number) for name, number in ports}
    return told | {"k8s_namespace": found.get("namespace", ""), "type": service.get("spec", {}).get("type", "")}
