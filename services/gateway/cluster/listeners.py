"""Pure: which listeners of our Gateway are honoured, and which routes each lets in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.chassis.kube.client import Object
from services.gateway.cluster.objects import CONTROLLER, Cluster, Condition, condition
from services.gateway.models import ROUTE_GROUP

_KIND: Final = {"group": ROUTE_GROUP, "kind": "HTTPRoute"}
_LISTENER_FIELDS: Final = {"name", "port", "protocol", "allowedRoutes"}
_GATEWAY_FIELDS: Final = {"gatewayClassName", "listeners"}


@dataclass(frozen=True)
class Listener:
    """One listener; `fault` is (reason, message) of why it is not honoured."""

    spec: Object
    fault: tuple[str, str] | None
    takes_routes: bool

    @property
    def name(self) -> str:
        return str(self.spec["name"])


@dataclass(frozen=True)
class OwnGateway:
    """The Gateway that Envoy is, as it is declared; `fault` is (reason, message) of why it is not honoured."""

    declared: Object
    listeners: tuple[Listener, ...]
    fault: tuple[str, str] | None

    @property
    def key(self) -> tuple[str, str]:
        metadata = self.declared["metadata"]
        return metadata["namespace"], metadata["name"]

    @property
    def usable(self) -> tuple[Listener, ...]:
        """Listeners that requests come in by."""
        return () if self.fault else tuple(listener for listener in self.listeners if listener.fault is None)


def own_gateway(cluster: Cluster, key: tuple[str, str], ports: frozenset[int]) -> OwnGateway | None:
    """The Gateway at `key`, if its class is ours; `ports` are those at which Envoy can be reached."""
    gateway = cluster.gateways.get(key)
    if gateway is None:
        return None
    spec = gateway["spec"]
    if not _is_ours(cluster.classes.get(("", spec["gatewayClassName"]))):
        return None
    unknown = sorted(spec.keys() - _GATEWAY_FIELDS)
    fault = ("Invalid", f"spec.{unknown[0]}: this field is not supported") if unknown else None
    return OwnGateway(gateway, tuple(_listener(one, ports) for one in spec["listeners"]), fault)


def _is_ours(gateway_class: Object | None) -> bool:
    return gateway_class is not None and gateway_class["spec"]["controllerName"] == CONTROLLER


def _listener(spec: Object, ports: frozenset[int]) -> Listener:
    fault: tuple[str, str] | None = None
    unknown = sorted(spec.keys() - _LISTENER_FIELDS)
    if spec["protocol"] != "HTTP":
        fault = ("UnsupportedProtocol", f"{spec['protocol']} is not supported: HTTP is")
    elif spec["port"] not in ports:
        fault = ("PortUnavailable", f"the gateway is reached at {' and '.join(map(str, sorted(ports)))}")
    elif unknown:
        fault = ("UnsupportedValue", f"{unknown[0]}: this field is not supported")
    kinds = spec.get("allowedRoutes", {}).get("kinds")
    takes = not kinds or any({"group": ROUTE_GROUP, **kind} == _KIND for kind in kinds)
    return Listener(spec, fault, takes)


def lets_in(listener: Listener, namespace: str, gateway: OwnGateway, cluster: Cluster) -> bool:
    """Whether routes of the namespace may attach (AllowedRoutes)."""
    allowed = listener.spec.get("allowedRoutes", {}).get("namespaces", {})
    if not listener.takes_routes:
        return False
    if allowed.get("from", "Same") == "All":
        return True
    if allowed.get("from", "Same") == "Selector":
        found = cluster.namespaces.get(("", namespace))
        return found is not None and selects(allowed.get("selector") or {}, found["metadata"].get("labels") or {})
    return allowed.get("from", "Same") == "Same" and namespace == gateway.key[0]


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """A Kubernetes label selector; the empty one selects everything."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_meets(one, labels) for one in selector.get("matchExpressions") or [])


def _meets(expression: Object, labels: dict[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    return (labels.get(key) in values) is (operator == "In")


def class_conditions(gateway_class: Object) -> list[Condition]:
    """Of a GatewayClass that is ours."""
    if gateway_class["spec"].get("parametersRef"):
        message = "parametersRef is not supported: attach a GatewayPolicy to the Gateway"
        return [condition("Accepted", gateway_class, holds=False, reason="InvalidParameters", message=message)]
    return [condition("Accepted", gateway_class, holds=True, reason="Accepted")]


def gateway_status(gateway: OwnGateway, attached: dict[str, int]) -> Object:
    """The status of our Gateway; `attached` counts the routes by listener."""
    about = gateway.declared
    reason, message = gateway.fault or ("Accepted", "")
    broken = [listener for listener in gateway.listeners if listener.fault is not None]
    if broken and not gateway.fault:
        reason = "ListenersNotValid"
        message = f"not honoured: {', '.join(listener.name for listener in broken)}"
    works = bool(gateway.usable)
    return {
        "conditions": [
            condition("Accepted", about, holds=works, reason=reason, message=message),
            condition("Programmed", about, holds=works, reason="Programmed" if works else "Invalid"),
        ],
        "listeners": [_listener_status(gateway, one, attached.get(one.name, 0)) for one in gateway.listeners],
    }


def _listener_status(gateway: OwnGateway, listener: Listener, attached: int) -> Object:
    reason, message = listener.fault or ("Accepted", "")
    works = listener in gateway.usable
    return {
        "name": listener.name,
        "attachedRoutes": attached,
        "supportedKinds": [_KIND] if listener.takes_routes else [],
        "conditions": list(_listener_conditions(gateway.declared, listener, reason, message, works)),
    }


def _listener_conditions(
    about: Object, listener: Listener, reason: str, message: str, works: bool
) -> Iterator[dict[str, Any]]:
    yield condition("Accepted", about, holds=listener.fault is None, reason=reason, message=message)
    yield condition("Programmed", about, holds=works, reason="Programmed" if works else "Invalid")
    if listener.takes_routes:
        yield condition("ResolvedRefs", about, holds=True, reason="ResolvedRefs")
    else:
        only = "only HTTPRoute is supported"
        yield condition("ResolvedRefs", about, holds=False, reason="InvalidRouteKinds", message=only)
