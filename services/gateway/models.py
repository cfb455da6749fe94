"""The objects read from the gateway's folder, as typed models.

`HTTPRoute` is Gateway API v1, standard channel (https://gateway-api.sigs.k8s.io/reference/spec/#httproute), limited to
what the gateway honours; `GatewayPolicy` is `mercato.dev/v1alpha1`. An unknown field is an error, never ignored: a rule
that is silently half applied is worse than one that is refused.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from services.gateway.scalars import (
    Bytes,
    Count,
    HeaderName,
    HeaderValue,
    Interval,
    Method,
    ModifiableHeaderName,
    Name,
    ObjectName,
    Percent,
    Seconds,
    SomeTime,
    check_expression,
    fully_matches,
)

ROUTE_API: Final = "gateway.networking.k8s.io/v1"
POLICY_API: Final = "mercato.dev/v1alpha1"
ROUTE_GROUP: Final = "gateway.networking.k8s.io"


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


class Metadata(BaseModel):
    """Of an object's metadata the gateway reads the name and the age; the rest is other tools' business."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)
    name: ObjectName
    namespace: str = ""
    creation_timestamp: str = "~"  # sorts after every timestamp: without one, an object counts as the youngest


class PathMatch(_Spec):
    type: Literal["Exact", "PathPrefix", "RegularExpression"] = "PathPrefix"
    value: Annotated[str, Field(max_length=1024, pattern=r"^/[\x21-\x7e]*$")] = "/"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.type == "RegularExpression":
            check_expression(self.value)
        elif any(character in self.value for character in "?#") or "//" in self.value:
            raise ValueError(f"{self.value!r} is not a plain path")
        return self

    def covers(self, path: str) -> bool:
        """Whether this matcher accepts `path`."""
        if self.type == "Exact":
            return path == self.value
        if self.type == "PathPrefix":
            return f"{path}/".startswith(f"{self.value.rstrip('/')}/")
        return fully_matches(self.value, path)


class HeaderMatch(_Spec):
    type: Literal["Exact", "RegularExpression"] = "Exact"
    name: HeaderName
    value: HeaderValue

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.type == "RegularExpression":
            check_expression(self.value)
        return self


class QueryParamMatch(HeaderMatch):
    pass


class RouteMatch(_Spec):
    path: PathMatch = PathMatch()
    method: Method | None = None
    headers: Annotated[list[HeaderMatch], Field(max_length=16)] = []
    query_params: Annotated[list[QueryParamMatch], Field(max_length=16)] = []


class HeaderSetting(_Spec):
    name: ModifiableHeaderName
    value: HeaderValue


class HeaderChanges(_Spec):
    set: list[HeaderSetting] = []
    add: list[HeaderSetting] = []
    remove: list[ModifiableHeaderName] = []


class Filter(_Spec):
    type: Literal["RequestHeaderModifier", "ResponseHeaderModifier"]
    request_header_modifier: HeaderChanges | None = None
    response_header_modifier: HeaderChanges | None = None


class BackendRef(_Spec):
    group: Literal[""] = ""
    kind: Literal["Service"] = "Service"
    name: Name
    port: Annotated[int, Field(ge=1, le=65535)]
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = 1


class Timeouts(_Spec):
    request: Seconds | None = None
    backend_request: Seconds | None = None


class Rule(_Spec):
    name: Name | None = None
    matches: Annotated[list[RouteMatch], Field(min_length=1, max_length=64)] = [RouteMatch()]
    filters: Annotated[list[Filter], Field(max_length=16)] = []
    backend_refs: Annotated[list[BackendRef], Field(max_length=16)] = []
    timeouts: Timeouts = Timeouts()


class ParentRef(_Spec):
    group: Literal["gateway.networking.k8s.io"] = "gateway.networking.k8s.io"
    kind: Literal["Gateway"] = "Gateway"
    name: ObjectName


class HTTPRouteSpec(_Spec):
    parent_refs: Annotated[list[ParentRef], Field(min_length=1)]
    rules: Annotated[list[Rule], Field(min_length=1, max_length=64)]


class TargetRef(_Spec):
    group: Literal["gateway.networking.k8s.io"]
    kind: Literal["HTTPRoute", "Gateway"]
    name: ObjectName
    section_name: Name | None = None


class RateLimit(_Spec):
    """`requests` every `interval` seconds, refilled evenly, at most `burst` at once (default: `requests`)."""

    per: Literal["Subject", "Address"]
    requests: Annotated[int, Field(ge=1, le=1_000_000)]
    interval: Interval
    burst: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class Retries(_Spec):
    attempts: Annotated[int, Field(ge=0, le=5)] = 2


class CircuitBreaker(_Spec):
    """The most that may be under way to one backend at a time; beyond it the answer is 503 at once."""

    max_connections: Count = 1024
    max_pending_requests: Count = 1024
    max_requests: Count = 1024
    retry_budget_percent: Percent = 20


class OutlierDetection(_Spec):
    """An endpoint with that many gateway errors (502, 503, 504, no connection) in a row is left out for a while."""

    consecutive_errors: Count = 5
    eject_for: SomeTime = 10.0
    max_ejected_percent: Percent = 50


class GatewayPolicySpec(_Spec):
    """What holds for the targets; a field left out is inherited: rule, then HTTPRoute, then Gateway, then default."""

    target_refs: Annotated[list[TargetRef], Field(min_length=1, max_length=16)]
    token: Literal["Required", "NotRequired"] | None = None
    method_not_allowed: bool | None = None
    rate_limits: Annotated[list[RateLimit], Field(max_length=8)] | None = None
    max_request_body: Bytes | None = None
    timeout: Seconds | None = None
    retries: Retries | None = None
    circuit_breaker: CircuitBreaker | None = None
    outlier_detection: OutlierDetection | None = None


class _Object(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)
    api_version: str
    kind: str
    metadata: Metadata
    status: dict[str, Any] = {}


class HTTPRoute(_Object):
    spec: HTTPRouteSpec


class GatewayPolicy(_Object):
    spec: GatewayPolicySpec
