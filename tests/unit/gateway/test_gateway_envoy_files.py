"""What Envoy is given: that only what changed moves, and that nothing is open by accident."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.chassis.http import problems
from services.gateway.endpoints import Apps, Endpoint
from services.gateway.envoy.files import render
from services.gateway.envoy.options import Collector, EnvoyOptions, Tls, duration
from services.gateway.routes import RouteTable
from tests.unit.gateway.gateway_documents import policy, route, rule, table

KEYS = '{"keys":[{"kid":"1","kty":"OKP"}]}'
ONE: Apps = {"order": (Endpoint("127.0.0.1", 1001),)}


@pytest.fixture
def options(tmp_path: Path) -> EnvoyOptions:
    return EnvoyOptions(tmp_path, "127.0.0.1", 8080, 9901, "http://issuer", "mercato", KEYS)


@pytest.fixture
def orders(tmp_path: Path) -> RouteTable:
    return table(
        tmp_path,
        route("orders", f"[{rule('/orders', method='POST', name='place')}, {rule('/orders', method='GET')}]"),
        policy("limit", "HTTPRoute/orders", "rateLimits: [{per: Address, requests: 2, interval: 1m}]"),
    )


def lines(files: Any) -> list[dict[str, Any]]:
    configuration = json.loads(files["routes/routes.json"])["resources"][0]
    matcher = configuration["virtual_hosts"][0]["matcher"]
    on_match = [each["on_match"] for each in matcher["matcher_list"]["matchers"]]
    *others, found = [each["action"]["typed_config"]["routes"] for each in (*on_match, matcher["on_no_match"])]
    for other in others:
        assert [line["match"] for line in other] == [line["match"] for line in found], (
            "whatever its body, a line is there"
        )
    return list(found)


def test_an_endpoint_moves_its_own_file_alone(orders: RouteTable, options: EnvoyOptions) -> None:
    before = render(orders, ONE, options)
    after = render(orders, {"order": (*ONE["order"], Endpoint("127.0.0.1", 1002))}, options)
    assert [name for name in after if after[name] != before[name]] == ["endpoints/order.json"]


def test_a_policy_moves_the_routes_alone(orders: RouteTable, options: EnvoyOptions) -> None:
    before, after = render(orders, ONE, options), render(orders, ONE, replace(options, rate_limits=False))
    assert [name for name in after if after[name] != before[name]] == ["routes/routes.json"]
    assert b"LocalRateLimit" not in after["routes/routes.json"]


def test_what_is_named_is_written_before_what_names_it(orders: RouteTable, options: EnvoyOptions) -> None:
    tls = Tls(8443, Path("/mounted"), Path("/mounted"))
    assert list(render(orders, ONE, replace(options, tls=tls))) == [
        "endpoints/order.json",
        "clusters/clusters.json",
        "secrets/certificate.json",
        "routes/routes.json",
        "listeners/listeners.json",
        "bootstrap.yaml",
    ]


def test_without_keys_a_protected_path_answers_503_and_is_not_forwarded(
    orders: RouteTable, options: EnvoyOptions
) -> None:
    files = render(orders, ONE, replace(options, jwks=None))
    assert "routes/routes.json" not in files, "a connection that is still there would get routes that ask for a token"
    assert b"routes/without-keys.json" in files["listeners/listeners.json"]
    found = lines({"routes/routes.json": files["routes/without-keys.json"]})
    protected = [line for line in found if line["name"].startswith("orders/")]
    assert [line["direct_response"] for line in protected] == [{"status": 503}] * len(protected)
    assert not any("route" in line for line in protected)


def test_a_post_is_repeated_after_a_reset_only_with_an_idempotency_key(
    orders: RouteTable, options: EnvoyOptions
) -> None:
    with_key, without = (line for line in lines(render(orders, ONE, options)) if line["name"] == "orders/place")
    assert {"name": "idempotency-key", "present_match": True} in with_key["match"]["headers"]
    assert "reset" in with_key["route"]["retry_policy"]["retry_on"]
    assert without["route"]["retry_policy"]["retry_on"] == "connect-failure,refused-stream"


def test_the_last_line_answers_404(orders: RouteTable, options: EnvoyOptions) -> None:
    last = lines(render(orders, ONE, options))[-1]
    assert (last["match"], last["direct_response"]) == ({"prefix": "/"}, {"status": 404})


def test_envoys_own_errors_have_the_types_of_the_error_tree(orders: RouteTable, options: EnvoyOptions) -> None:
    listener = render(orders, ONE, options)["listeners/listeners.json"].decode()
    for kind in (problems.Unauthorized, problems.NotFound, problems.TooManyRequests, problems.Unavailable):
        assert problems.TYPE_PREFIX + kind.slug in listener


def test_spans_are_recorded_only_for_a_collector(orders: RouteTable, options: EnvoyOptions) -> None:
    def tracing(given: EnvoyOptions) -> dict[str, Any]:
        listener = json.loads(render(orders, ONE, given)["listeners/listeners.json"])["resources"][0]
        found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]["tracing"]
        return found

    assert tracing(options)["random_sampling"] == {"value": 0}
    recorded = tracing(replace(options, collector=Collector("http://127.0.0.1:4318/"), sample_ratio=0.5))
    assert recorded["random_sampling"] == {"value": 100}
    assert '"numerator": 500000' in json.dumps(recorded)
    assert "http://127.0.0.1:4318/v1/traces" in json.dumps(recorded)


@pytest.mark.parametrize(("seconds", "text"), [(15.0, "15s"), (0.5, "0.5s"), (0.0, "0s"), (100.0, "100s")])
def test_durations_are_written_as_protobuf_wants_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
