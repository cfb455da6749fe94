"""Pure: what the backendRefs of an HTTPRoute lead to."""

from dataclasses import dataclass

from services.chassis.kube.client import Object
from services.chassis.kube.reflector import Key
from services.chassis.kube.service_ports import choose_port
from services.gateway.cluster.objects import Cluster
from services.gateway.endpoints import backend_name
from services.gateway.models import ROUTE_GROUP
from services.gateway.settings import GatewaySettings


@dataclass(frozen=True)
class Resolved:
    """The backend's name, known or not; `fault` is (reason, message) of why requests to it are answered with 500."""

    name: str
    fault: tuple[str, str] | None = None


def resolve(reference: Object, namespace: str, cluster: Cluster, own_namespace: str) -> Resolved:
    """The backend of one reference in a route of `namespace`."""
    kind = f"{reference.get('group', '')}/{reference.get('kind', 'Service')}"
    target: Key = (reference.get("namespace") or namespace, reference["name"])
    full_name = "/".join(target)
    if kind != "/Service":
        return _unresolved(full_name, "InvalidKind", f"a backend is a Service, not {reference.get('kind')}")
    if target[0] != namespace and not _granted(target, namespace, cluster):
        message = f"no ReferenceGrant in {target[0]} lets HTTPRoutes of {namespace} name Service {target[1]}"
        return _unresolved(full_name, "RefNotPermitted", message)
    service = cluster.services.get(target)
    if service is None:
        return _unresolved(full_name, "BackendNotFound", f"there is no Service {full_name}")
    ports = [(port.get("name", ""), port["port"]) for port in service["spec"].get("ports") or []]
    if target == (own_namespace, GatewaySettings.service) and reference.get("port") in dict(ports).values():
        return Resolved(GatewaySettings.service)  # this process beside Envoy, whatever discovery lists under its name
    port = choose_port(ports, service["metadata"].get("labels") or {})
    if port is None or port[1] != reference.get("port"):
        # Discovery lists one port of each instance: a request meant for another would go astray.
        message = f"port {reference.get('port')} of Service {full_name} is not the one that is discovered"
        return _unresolved(full_name, "BackendNotFound", f"{message}: {port[1] if port else 'it has none'}")
    return Resolved(backend_name(target[1], target[0], own_namespace))


def _unresolved(full_name: str, reason: str, message: str) -> Resolved:
    """Under a name that no backend has, so that its share of the requests is answered with 500."""
    return Resolved(full_name, (reason, message))


def _granted(target: Key, namespace: str, cluster: Cluster) -> bool:
    """Whether a ReferenceGrant beside the target allows it."""
    asked = {"group": ROUTE_GROUP, "kind": "HTTPRoute", "namespace": namespace}
    for (place, _), grant in cluster.grants.items():
        spec = grant["spec"]
        if place != target[0] or asked not in spec["from"]:
            continue
        for to in spec["to"]:
            if to.get("group", "") == "" and to["kind"] == "Service" and to.get("name") in {None, "", target[1]}:
                return True
    return False
