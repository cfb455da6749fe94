"""Which policy holds for which rule: rule, then HTTPRoute, then Gateway, then the defaults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.gateway.documents import Documents, Refused
from services.gateway.models import (
    CircuitBreaker,
    GatewayPolicy,
    GatewayPolicySpec,
    HTTPRoute,
    OutlierDetection,
    RateLimit,
)

_ONE_MEBIBYTE: Final = 1024 * 1024
# What belongs to a backend and not to a path cannot differ from route to route.
_GATEWAY_ONLY: Final = ("circuit_breaker", "outlier_detection")

Target = tuple[str, str, str | None]
"""(kind, name, rule name or None)"""


@dataclass(frozen=True)
class Limit:
    """One token bucket for each client; `name` tells the buckets of different policies apart."""

    name: str
    rule: RateLimit


@dataclass(frozen=True)
class RulePolicy:
    """What holds for one rule of a route. Sizes in bytes, times in seconds.

    A rule needs a token unless a policy says otherwise, so that a refused policy closes a path and never opens one.
    """

    token_required: bool = True
    method_not_allowed: bool = False
    limits: tuple[Limit, ...] = ()
    max_request_body: int = _ONE_MEBIBYTE
    timeout: float = 15.0
    retries: int = 2


@dataclass(frozen=True)
class BackendPolicy:
    """What holds for every backend, and for every client whatever path it asks for."""

    circuit_breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    outlier_detection: OutlierDetection = field(default_factory=OutlierDetection)
    limits: tuple[Limit, ...] = ()


class Policies:
    """The policies by their targets; `refused` names the targets that do not exist or are taken."""

    def __init__(self, documents: Documents, gateway: str) -> None:
        self._gateway = gateway
        self._by_target: dict[Target, GatewayPolicy] = {}
        self.refused: list[Refused] = []
        for policy in sorted(documents.policies, key=_age):
            name = f"GatewayPolicy/{policy.metadata.name}"
            for target in _targets(policy):
                fault = self._against(policy.spec, target, documents.routes)
                if fault is None:
                    self._by_target[target] = policy
                else:
                    self.refused.append(Refused(name, *fault))

    def _against(self, spec: GatewayPolicySpec, target: Target, routes: Sequence[HTTPRoute]) -> tuple[str, str] | None:
        """Reason and kind of a refusal."""
        kind, name, section = target
        where = f"{kind}/{name}" + (f" rule {section}" if section else "")
        if kind == "Gateway":
            known = name == self._gateway and section is None
        else:
            rules = [rule.name for route in routes if route.metadata.name == name for rule in route.spec.rules]
            known = bool(rules) and (section is None or section in rules)
            for field in _GATEWAY_ONLY:
                if getattr(spec, field) is not None:
                    return f"{where}: {field} can only be set for the Gateway, it belongs to the backends", "Invalid"
        if not known:
            return f"{where}: there is no such target", "TargetNotFound"
        if other := self._by_target.get(target):
            return f"{where}: the policy {other.metadata.name} has it already", "Conflicted"
        return None

    def of_backends(self) -> BackendPolicy:
        """The gateway-wide part."""
        policy = self._by_target.get(("Gateway", self._gateway, None))
        if policy is None:
            return BackendPolicy()
        spec = policy.spec
        return BackendPolicy(
            circuit_breaker=spec.circuit_breaker or CircuitBreaker(),
            outlier_detection=spec.outlier_detection or OutlierDetection(),
            limits=_limits("gateway", spec.rate_limits or []),
        )

    def of_rule(self, route: str, rule: str | None) -> RulePolicy:
        """What holds for a rule; each field comes from the closest policy that sets it."""
        targets: list[Target] = [("HTTPRoute", route, None), ("Gateway", self._gateway, None)]
        if rule is not None:
            targets.insert(0, ("HTTPRoute", route, rule))
        found = {target: policy.spec for target in targets if (policy := self._by_target.get(target))}
        specs, default = list(found.values()), RulePolicy()
        access = next((spec.token for spec in specs if spec.token is not None), "Required")
        answer_405 = next((spec.method_not_allowed for spec in specs if spec.method_not_allowed is not None), False)
        return RulePolicy(
            token_required=access == "Required",
            method_not_allowed=answer_405,
            limits=_closest_limits(found),
            max_request_body=next((s.max_request_body for s in specs if s.max_request_body), default.max_request_body),
            timeout=next((s.timeout for s in specs if s.timeout is not None), default.timeout),
            retries=next((s.retries.attempts for s in specs if s.retries is not None), default.retries),
        )


def _closest_limits(found: Mapping[Target, GatewayPolicySpec]) -> tuple[Limit, ...]:
    """The route's own limits; the Gateway's hold beside them, for all routes together."""
    for (kind, route, rule), spec in found.items():
        if kind == "HTTPRoute" and spec.rate_limits is not None:
            return _limits(f"{route}/{rule}" if rule else route, spec.rate_limits)
    return ()


def _limits(name: str, rules: Sequence[RateLimit]) -> tuple[Limit, ...]:
    return tuple(Limit(f"{name}#{position}", rule) for position, rule in enumerate(rules, start=1))


def _targets(policy: GatewayPolicy) -> Iterator[Target]:
    for reference in policy.spec.target_refs:
        yield (reference.kind, reference.name, reference.section_name)


def _age(policy: GatewayPolicy) -> tuple[str, str]:
    return (policy.metadata.creation_timestamp, policy.metadata.name)
