"""Pure: the objects of a cluster in, the documents of our Gateway and the statuses of all objects out.

What comes out has no namespaces any more: whatever is not in the Gateway's own carries its namespace in its name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from services.chassis.kube.client import Object
from services.gateway.cluster.backends import Resolved, resolve
from services.gateway.cluster.listeners import (
    OwnGateway,
    class_conditions,
    gateway_status,
    lets_in,
    own_gateway,
)
from services.gateway.cluster.objects import (
    CLASSES,
    CONTROLLER,
    GATEWAYS,
    POLICIES,
    ROUTES,
    Cluster,
    Condition,
    Status,
    condition,
)
from services.gateway.documents import Documents, Refused, reasons
from services.gateway.endpoints import backend_name
from services.gateway.models import POLICY_API, ROUTE_API, ROUTE_GROUP, GatewayPolicy, HTTPRoute
from services.gateway.policies import Policies

Fault = tuple[str, str]
"""(reason, message) of a condition that does not hold."""


@dataclass
class _Outcome:
    routes: list[HTTPRoute] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    attached: dict[str, int] = field(default_factory=dict)


def attach(cluster: Cluster, key: tuple[str, str], ports: frozenset[int]) -> tuple[Documents, tuple[Status, ...]]:
    """For the Gateway at `key`, which is reached at `ports`."""
    out = _Outcome()
    for gateway_class in cluster.classes.values():
        if gateway_class["spec"]["controllerName"] == CONTROLLER:
            out.statuses.append(Status(CLASSES, gateway_class, {"conditions": class_conditions(gateway_class)}))
    gateway = own_gateway(cluster, key, ports)
    if gateway is None:
        reason = f"there is none in {key[0]} of a GatewayClass with the controllerName {CONTROLLER}"
        out.refused.append(Refused(f"Gateway/{key[1]}", reason))
    for route in cluster.routes.values():
        _attach(route, gateway, cluster, key[0], out)
    if gateway is not None:
        out.statuses.append(Status(GATEWAYS, gateway.declared, gateway_status(gateway, out.attached)))
    policies = list(_policies(cluster, key[0], out))
    backends = frozenset(backend_name(name, place, key[0]) for place, name in cluster.services)
    documents = Documents(tuple(out.routes), tuple(policy for _, policy in policies), tuple(out.refused), backends)
    out.statuses += _policy_statuses(documents, policies, key[1])
    return documents, tuple(out.statuses)


def _attach(route: Object, gateway: OwnGateway | None, cluster: Cluster, own: str, out: _Outcome) -> None:
    """One route: its status for each parentRef that is ours, and itself if one of them lets it in."""
    namespace = route["metadata"]["namespace"]
    parents = [one for one in route["spec"].get("parentRefs") or [] if gateway and _is_parent(one, namespace, gateway)]
    others = [one for one in _parents(route) if one["controllerName"] != CONTROLLER]
    entries: list[Object] = []
    if gateway is not None and parents:
        resolved = _resolved(route, cluster, own)
        document, invalid = _document(route, gateway.key[1], resolved, own)
        faults = [one.fault for rule in resolved for one in rule if one.fault is not None]
        let_in = False
        for parent in parents:
            names, refused = _listeners(parent, namespace, gateway, cluster)
            fault = invalid or refused
            if fault is None:
                let_in = True
                for name in names:
                    out.attached[name] = out.attached.get(name, 0) + 1
            entries.append(_entry(route, parent, fault, faults))
        if document is not None and let_in:
            out.routes.append(document)
        else:
            told = next(one for one in (_accepted_fault(entry) for entry in entries) if one)
            out.refused.append(Refused(f"HTTPRoute/{_qualified(route, own)}", told))
    if entries or len(others) != len(_parents(route)):
        # One list of all controllers' entries: those of others stay as they are.
        out.statuses.append(Status(ROUTES, route, {"parents": [*others, *entries]}))


def _is_parent(reference: Object, namespace: str, gateway: OwnGateway) -> bool:
    kind = (reference.get("group", ROUTE_GROUP), reference.get("kind", "Gateway"))
    target = (reference.get("namespace") or namespace, reference["name"])
    return kind == (ROUTE_GROUP, "Gateway") and target == gateway.key


def _parents(route: Object) -> list[Object]:
    found: list[Object] = route.get("status", {}).get("parents") or []
    return found


def _listeners(
    parent: Object, namespace: str, gateway: OwnGateway, cluster: Cluster
) -> tuple[tuple[str, ...], Fault | None]:
    """The listeners a parentRef attaches to, or why to none."""
    name, port = parent.get("sectionName"), parent.get("port")
    meant = [one for one in gateway.listeners if name in {None, one.name} and port in {None, one.spec["port"]}]
    if not meant:
        return (), ("NoMatchingParent", f"the Gateway has no listener {name or ''}{f' at port {port}' if port else ''}")
    usable = [one for one in meant if one in gateway.usable]
    if not usable:
        return (), ("NoMatchingParent", f"the listener {meant[0].name} is not honoured: see the Gateway's conditions")
    open_to = tuple(one.name for one in usable if lets_in(one, namespace, gateway, cluster))
    if not open_to:
        return (), ("NotAllowedByListeners", f"the Gateway's allowedRoutes let no HTTPRoute of {namespace} in")
    return open_to, None


def _entry(route: Object, parent: Object, fault: Fault | None, backend_faults: list[Fault]) -> Object:
    reason, message = fault or ("Accepted", "")
    conditions: list[Condition] = [condition("Accepted", route, holds=fault is None, reason=reason, message=message)]
    reason, message = backend_faults[0] if backend_faults else ("ResolvedRefs", "")
    conditions.append(condition("ResolvedRefs", route, holds=not backend_faults, reason=reason, message=message))
    return {"parentRef": parent, "controllerName": CONTROLLER, "conditions": conditions}


def _accepted_fault(entry: Object) -> str | None:
    accepted = entry["conditions"][0]
    return None if accepted["status"] == "True" else f"{accepted['reason']}: {accepted['message']}"


def _resolved(route: Object, cluster: Cluster, own: str) -> list[list[Resolved]]:
    """By rule and position."""
    namespace = route["metadata"]["namespace"]
    rules = route["spec"].get("rules") or []
    return [[resolve(one, namespace, cluster, own) for one in rule.get("backendRefs") or []] for rule in rules]


def _document(
    route: Object, gateway: str, resolved: list[list[Resolved]], own: str
) -> tuple[HTTPRoute | None, Fault | None]:
    """The route as a document of our Gateway, or why it is not honoured."""
    rules = [
        {**rule, "backendRefs": [_plain(one) for one in rule.get("backendRefs") or []]}
        for rule in route["spec"].get("rules") or []
    ]
    spec = {**route["spec"], "parentRefs": [{"name": gateway}], "rules": rules}
    content = {"apiVersion": ROUTE_API, "kind": "HTTPRoute", "metadata": route["metadata"], "spec": spec}
    try:
        document = HTTPRoute.model_validate(content)
    except ValidationError as error:
        return None, ("UnsupportedValue", reasons(error))
    named = [
        rule.model_copy(
            update={
                "backend_refs": [
                    reference.model_copy(update={"name": found.name})
                    for reference, found in zip(rule.backend_refs, targets, strict=True)
                ]
            }
        )
        for rule, targets in zip(document.spec.rules, resolved, strict=True)
    ]
    metadata = document.metadata.model_copy(update={"name": _qualified(route, own), "namespace": ""})
    spec_of_named = document.spec.model_copy(update={"rules": named})
    return document.model_copy(update={"metadata": metadata, "spec": spec_of_named}), None


def _plain(reference: Object) -> Object:
    """Without what `resolve` has judged; a reference to another kind need not look like one to a Service."""
    plain = {key: value for key, value in reference.items() if key not in {"group", "kind", "namespace"}}
    if reference.get("kind", "Service") != "Service" or reference.get("group", ""):
        plain |= {"name": "none", "port": 1}
    return plain


def _qualified(found: Object, own: str) -> str:
    namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
    return str(name) if namespace == own else f"{namespace}/{name}"


def _policies(cluster: Cluster, own: str, out: _Outcome) -> Iterator[tuple[Object, GatewayPolicy]]:
    """Policies that can be read; a policy's targets are in its own namespace.

    In other namespaces, those of which no target is ours are for others to judge.
    """
    ours = {route.metadata.name for route in out.routes}
    for found in cluster.policies.values():
        name, namespace = _qualified(found, own), found["metadata"]["namespace"]
        if namespace != own and not ours & {f"{namespace}/{one.get('name')}" for one in found["spec"]["targetRefs"]}:
            continue
        content = {"apiVersion": POLICY_API, "kind": "GatewayPolicy", **found, "status": {}}
        try:
            policy = GatewayPolicy.model_validate(content)
        except ValidationError as error:
            out.refused.append(Refused(f"GatewayPolicy/{name}", reasons(error)))
            fault = condition("Accepted", found, holds=False, reason="Invalid", message=reasons(error))
            out.statuses.append(Status(POLICIES, found, {"conditions": [fault]}))
            continue
        prefix = "" if namespace == own else f"{namespace}/"
        targets = [one.model_copy(update={"name": f"{prefix}{one.name}"}) for one in policy.spec.target_refs]
        update: dict[str, Any] = {
            "metadata": policy.metadata.model_copy(update={"name": name, "namespace": ""}),
            "spec": policy.spec.model_copy(update={"target_refs": targets}),
        }
        yield found, policy.model_copy(update=update)


def _policy_statuses(
    documents: Documents, policies: list[tuple[Object, GatewayPolicy]], gateway: str
) -> Iterator[Status]:
    refused = {one.document: one for one in reversed(Policies(documents, gateway).refused)}
    for found, policy in policies:
        fault = refused.get(f"GatewayPolicy/{policy.metadata.name}")
        reason, message = (fault.kind, fault.reason) if fault else ("Accepted", "")
        told = condition("Accepted", found, holds=fault is None, reason=reason, message=message)
        yield Status(POLICIES, found, {"conditions": [told]})
