"""No document can be such that Envoy refuses a file: every other route's next change would be lost with it."""

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_gateway_changes import NEW, answers

ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: NAME}
spec: {parentRefs: [{name: mercato}], rules: [{RULE, backendRefs: [{name: order, port: 80}]}]}
"""
POLICY = """
apiVersion: mercato.dev/v1alpha1
kind: GatewayPolicy
metadata: {name: NAME}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: KIND, name: TARGET}], FIELDS}
"""
REFUSED = (
    *(
        rf"matches: [{{path: {{type: RegularExpression, value: '{expression}'}}}}]"
        for expression in (r"/\u0041", r"/\N{BULLET}", "/[[:no:]]", "/(a{99}){99}", "/(?=a)", "/[a-z]{500}[a-z]{501}")
    ),
    "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: a}]}}]",
    "filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [host]}}]",
)
REFUSED_POLICIES = (
    "rateLimits: [{per: Address, requests: 1, interval: 49ms}]",
    "maxRequestBody: 4096Mi",
    "circuitBreaker: {maxConnections: 4294967296}",
    "outlierDetection: {ejectFor: 0s}",
)
TAKEN = (
    "matches: [{path: {type: RegularExpression, value: '/([0-9a-f]{8}-){1,2}[a-z]{900}'}}]",
    "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: '%b%%REQ(c)%'}]}}]",
    "matches: [{path: {value: '/..'}, headers: [{name: host, value: a}], queryParams: [{name: b, value: c}]}]",
    "timeouts: {request: 99999h99999h99999h99999h, backendRequest: 0s}",
)
TAKEN_OF_A_ROUTE = (
    "maxRequestBody: 4095Mi, timeout: 0s, retries: {attempts: 5}, "
    "rateLimits: [{per: Subject, requests: 1000000, interval: 50ms, burst: 1}]"
)
TAKEN_OF_THE_GATEWAY = (
    "circuitBreaker: {maxConnections: 4294967295, retryBudgetPercent: 0}, "
    "outlierDetection: {consecutiveErrors: 4294967295, ejectFor: 1ms, maxEjectedPercent: 100}"
)


def routes(*rules: str) -> str:
    return "---".join(ROUTE.replace("NAME", f"r{n}").replace("RULE", rule) for n, rule in enumerate(rules))


def policy(name: str, target: str, fields: str) -> str:
    kind, _, target_name = target.partition("/")
    named = POLICY.replace("NAME", name).replace("KIND", kind)
    return named.replace("TARGET", target_name).replace("FIELDS", fields)


async def test_what_envoy_would_not_take_is_refused_alone(gateway: Gateway) -> None:
    policies = [policy(f"p{position}", "Gateway/mercato", fields) for position, fields in enumerate(REFUSED_POLICIES)]
    (gateway.folder / "new.yaml").write_text("---".join((routes(*REFUSED), *policies, NEW.replace("BACKEND", "order"))))
    await answers(gateway, "/new", 503)
    refused = [item["document"] for item in (await gateway.table())["refused"]]
    assert len(refused) == len(REFUSED) + len(REFUSED_POLICIES), refused


async def test_what_is_not_refused_envoy_takes_up_to_its_bounds(gateway: Gateway) -> None:
    (gateway.folder / "gateway.yaml").write_text(policy("defaults", "Gateway/mercato", TAKEN_OF_THE_GATEWAY))
    own = policy("own", "HTTPRoute/r0", TAKEN_OF_A_ROUTE)
    (gateway.folder / "new.yaml").write_text("---".join((routes(*TAKEN), own, NEW.replace("BACKEND", "order"))))
    await answers(gateway, "/new", 503)
    assert (await gateway.table())["refused"] == []
    async with gateway.service("order") as (_, port):  # behind clusters that Envoy took
        gateway.discovery.put(order=[port])
        await answers(gateway, "/new", 200)
