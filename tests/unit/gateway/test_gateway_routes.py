"""The order of the route table, its answers without a backend, and which policy holds."""

from pathlib import Path

from services.gateway.documents import read
from services.gateway.routes import Answer, Forward, build
from tests.unit.gateway.gateway_documents import named, policy, route, rule, table


def test_the_order_is_that_of_the_gateway_api(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        route(
            "a",
            "["
            + ", ".join(
                [
                    rule("/", kind="PathPrefix", name="root"),
                    rule("/x/y", kind="PathPrefix", name="long-prefix"),
                    rule("/x/[^/]+", kind="RegularExpression", name="expression"),
                    rule("/x/y", name="any-method"),
                    rule("/x/y", method="GET", name="method"),
                ]
            )
            + "]",
        ),
    )
    assert [line.name for line in found.routes] == [
        "a/method",
        "a/any-method",
        "a/expression",
        "a/long-prefix",
        "a/root",
    ]


def test_more_headers_then_more_parameters_win(tmp_path: Path) -> None:
    path = "path: {type: Exact, value: /x}"
    header, query = "headers: [{name: h, value: v}]", "queryParams: [{name: q, value: v}]"
    backend = "backendRefs: [{name: order, port: 80}]"
    found = table(
        tmp_path,
        route(
            "a",
            f"[{{name: plain, {backend}, matches: [{{{path}}}]}}, {{name: query, {backend}, "
            f"matches: [{{{path}, {query}}}]}}, {{name: header, {backend}, matches: [{{{path}, {header}}}]}}]",
        ),
    )
    assert [line.name for line in found.routes] == ["a/header", "a/query", "a/plain"]


def test_of_two_equal_matches_the_oldest_route_decides_then_the_name(tmp_path: Path) -> None:
    same = f"[{rule('/x')}]"
    found = table(
        tmp_path,
        route("a", same),
        route("b", same, timestamp="2026-02-01T00:00:00Z"),
        route("c", same, timestamp="2026-01-01T00:00:00Z"),
    )
    assert [line.name for line in found.routes] == ["c/0"]


def test_a_backend_that_does_not_exist_answers_500_and_is_named(tmp_path: Path) -> None:
    found = table(tmp_path, route("a", f"[{rule('/x', backend='nobody')}, {rule('/y')}]"))
    assert named(found, "a/0").action == Answer(500)
    assert isinstance(named(found, "a/1").action, Forward)
    assert found.backends == ("order",)
    assert "no backend named nobody" in found.refused[0].reason


def test_a_rule_without_backends_answers_500(tmp_path: Path) -> None:
    found = table(tmp_path, route("a", "[{matches: [{path: {type: Exact, value: /x}}]}]"))
    assert named(found, "a/0").action == Answer(500)


def test_a_route_of_another_gateway_is_left_out_and_named(tmp_path: Path) -> None:
    found = table(tmp_path, route("a", f"[{rule('/x')}]").replace("name: mercato", "name: other"))
    assert found.routes == ()
    assert "its Gateway is other" in found.refused[0].reason


def test_an_unknown_method_is_405_with_all_known_ones_behind_every_other_line(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        route(
            "a",
            f"[{rule('/x/me', method='GET')}, {rule('/x/[^/]+', kind='RegularExpression', method='DELETE')}, "
            f"{rule('/x/me', method='POST')}]",
        ),
        policy("p", "Gateway/mercato", "methodNotAllowed: true"),
    )
    assert [line.action for line in found.routes[-2:]] == [
        Answer(405, ("DELETE", "GET", "POST")),
        Answer(405, ("DELETE",)),
    ]


def test_a_path_that_takes_every_method_has_no_405(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        route("a", f"[{rule('/x', method='GET')}, {rule('/x')}]"),
        policy("p", "Gateway/mercato", "methodNotAllowed: true"),
    )
    assert not [line for line in found.routes if line.action == Answer(405)]


def test_the_closest_policy_sets_a_field_and_the_others_are_inherited(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        route("a", f"[{rule('/x', name='one')}, {rule('/y', name='two')}]"),
        policy("g", "Gateway/mercato", "timeout: 5s, maxRequestBody: 2Mi"),
        policy("r", "HTTPRoute/a", "token: NotRequired"),
        policy("s", "HTTPRoute/a/one", "timeout: 1s"),
    )
    one, two = named(found, "a/one").policy, named(found, "a/two").policy
    assert (one.timeout, one.max_request_body, one.token_required) == (1.0, 2 * 1024 * 1024, False)
    assert (two.timeout, two.max_request_body, two.token_required) == (5.0, 2 * 1024 * 1024, False)


def test_a_rules_own_timeout_is_stronger_than_any_policy(tmp_path: Path) -> None:
    timed = rule("/x").replace("{matches", "{timeouts: {request: 2s}, matches", 1)
    found = table(tmp_path, route("a", f"[{timed}]"), policy("g", "Gateway/mercato", "timeout: 5s"))
    assert named(found, "a/0").policy.timeout == 2.0


def test_a_refused_policy_closes_a_path_and_never_opens_one(tmp_path: Path) -> None:
    found = table(tmp_path, route("a", f"[{rule('/x')}]"), policy("p", "HTTPRoute/a", "token: NotRequired, oops: 1"))
    assert named(found, "a/0").policy.token_required
    assert "oops: this field is not supported" in found.refused[0].reason


def test_a_policy_for_a_target_that_is_missing_or_taken_is_named(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        route("a", f"[{rule('/x')}]"),
        policy("first", "HTTPRoute/a", "token: NotRequired"),
        policy("second", "HTTPRoute/a", "token: Required"),
        policy("third", "HTTPRoute/a/nowhere", "timeout: 1s"),
        policy("fourth", "HTTPRoute/a", "circuitBreaker: {maxRequests: 1}"),
    )
    said = {refused.document: refused.reason for refused in found.refused}
    assert "the policy first has it already" in said["GatewayPolicy/second"]
    assert "no such target" in said["GatewayPolicy/third"]
    assert "can only be set for the Gateway" in said["GatewayPolicy/fourth"]
    kinds = {refused.document.rpartition("/")[2]: refused.kind for refused in found.refused}
    assert kinds == {"second": "Conflicted", "third": "TargetNotFound", "fourth": "Invalid"}
    assert not named(found, "a/0").policy.token_required


def test_the_shipped_routes_need_a_token_except_those_that_cannot() -> None:
    folder = Path(__file__).parents[3] / "gateway-config"
    backends = frozenset({"customer", "product", "order", "notification", "payment", "gateway"})
    found = build(read(folder), backends, "mercato")
    assert found.refused == ()
    public = {
        (line.match.method, line.match.path.value)
        for line in found.routes
        if isinstance(line.action, Forward) and not line.policy.token_required and line.match.method != "HEAD"
    }
    assert public == {
        ("POST", "/api/v1/customers"),
        ("POST", "/api/v1/tokens"),
        ("POST", "/api/v1/tokens/refresh"),
        ("POST", "/api/v1/tokens/revocation"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/api/v1/products"),
        ("GET", "/api/v1/products/[^/]+"),
        ("GET", "/images/products/[^/]+"),
        ("POST", "/api/v1/payments/webhooks/stripe"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
    }


def test_what_the_shipped_routes_let_read_they_let_ask_for_the_head_of() -> None:
    folder = Path(__file__).parents[3] / "gateway-config"
    for document in read(folder).routes:
        for each in document.spec.rules:
            read_ones, headed = (
                [match.model_copy(update={"method": None}) for match in each.matches if match.method == method]
                for method in ("GET", "HEAD")
            )
            assert read_ones == headed, (document.metadata.name, each.name)
