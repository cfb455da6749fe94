"""NetworkPolicies as the Kubernetes API defines them, decided without a network: may this pod reach that one?

Source: networking.k8s.io/v1, "NetworkPolicySpec". What the chart and the operator do not use (named ports, endPort,
some operators) is refused, so that nothing is judged wrongly.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True)
class End:
    """One end of a connection; `labels` is None for what is no pod."""

    address: str
    namespace: str = ""
    labels: Mapping[str, str] | None = None
    namespace_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Port:
    number: int
    protocol: str = "TCP"


def allowed(policies: Sequence[Object], source: End, target: End, port: Port) -> bool:
    """Both ends must let it pass: the source's egress and the target's ingress."""
    leaves = _passes(policies, "Egress", source, target, port)
    return leaves and _passes(policies, "Ingress", target, source, port)


def _passes(policies: Sequence[Object], way: str, own: End, other: End, port: Port) -> bool:
    """An end that no policy selects for this way is open."""
    if own.labels is None:
        return True
    selecting = [
        policy
        for policy in policies
        if policy["metadata"]["namespace"] == own.namespace
        and way in policy["spec"]["policyTypes"]
        and _matches(policy["spec"]["podSelector"], own.labels)
    ]
    if not selecting:
        return True
    peers, rules = ("to", "egress") if way == "Egress" else ("from", "ingress")
    return any(
        _rule_allows(rule.get(peers), rule.get("ports"), policy["metadata"]["namespace"], other, port)
        for policy in selecting
        for rule in policy["spec"].get(rules, [])
    )


def _rule_allows(
    peers: Sequence[Object] | None, ports: Sequence[Object] | None, namespace: str, other: End, port: Port
) -> bool:
    if ports and not any(_port_matches(each, port) for each in ports):
        return False
    return not peers or any(_peer_matches(peer, namespace, other) for peer in peers)


def _port_matches(rule: Object, port: Port) -> bool:
    _require_known(rule, {"port", "protocol"})
    if isinstance(rule.get("port"), str):
        raise NotImplementedError(f"a named port: {rule}")
    return rule.get("protocol", "TCP") == port.protocol and rule.get("port") in (None, port.number)


def _peer_matches(peer: Object, namespace: str, other: End) -> bool:
    _require_known(peer, {"podSelector", "namespaceSelector", "ipBlock"})
    if block := peer.get("ipBlock"):
        address = ipaddress.ip_address(other.address)
        inside = address in ipaddress.ip_network(block["cidr"])
        return inside and not any(address in ipaddress.ip_network(each) for each in block.get("except", []))
    if other.labels is None:
        return False
    if "namespaceSelector" in peer:
        if not _matches(peer["namespaceSelector"], other.namespace_labels):
            return False
    elif other.namespace != namespace:
        return False
    return _matches(peer.get("podSelector", {}), other.labels)


def _matches(selector: Object, labels: Mapping[str, str]) -> bool:
    _require_known(selector, {"matchLabels", "matchExpressions"})
    equal = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return equal and all(_holds(each, labels) for each in selector.get("matchExpressions", []))


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    if expression["operator"] == "Exists":
        return expression["key"] in labels
    if expression["operator"] == "In":
        return labels.get(expression["key"]) in expression["values"]
    raise NotImplementedError(f"{expression['operator']} in {expression}")


def _require_known(rule: Object, known: set[str]) -> None:
    if unknown := set(rule) - known:
        raise NotImplementedError(f"{', '.join(sorted(unknown))} in {rule}")
