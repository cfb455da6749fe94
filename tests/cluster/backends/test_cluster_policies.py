"""GatewayPolicy in the API server: it takes what the control plane takes, and refuses what that refuses."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from services.gateway.models import GatewayPolicy
from tests.cluster.backends.conftest import OWN_DEFINITION, established
from tests.cluster.backends.gateway_objects import policy
from tests.support.administrator import Administrator

pytestmark = pytest.mark.usefixtures("kind")
ROUTE = {"kind": "HTTPRoute", "name": "orders"}
GATEWAY = {"kind": "Gateway", "name": "mercato"}


@pytest.fixture
async def kind(admin: Administrator) -> None:
    await established(admin, yaml.safe_load(OWN_DEFINITION.read_text()))


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        (ROUTE, {"token": "NotRequired", "timeout": "1m30s", "maxRequestBody": "512Ki", "retries": {"attempts": 0}}),
        (ROUTE | {"sectionName": "place"}, {"rateLimits": [{"per": "Address", "requests": 5, "interval": "1s"}]}),
        (GATEWAY, {"circuitBreaker": {"maxRequests": 1}, "outlierDetection": {"ejectFor": "10s"}}),
        (GATEWAY, {"maxRequestBody": 65536}),
        (GATEWAY, {"maxRequestBody": "4095Mi", "outlierDetection": {"ejectFor": "99999h99999h"}}),
        (ROUTE, {"rateLimits": [{"per": "Address", "requests": 1, "interval": "50ms"}]}),
    ],
)
async def test_both_take_it(
    admin: Administrator, namespace: str, target: dict[str, Any], fields: dict[str, Any]
) -> None:
    content = policy(namespace, "good", target, **fields)
    assert await admin.refusal(content) == ""
    GatewayPolicy.model_validate(content)


@pytest.mark.parametrize(
    ("target", "fields", "word"),
    [
        (ROUTE, {"token": "Maybe"}, "token"),
        (ROUTE, {"timeout": "soon"}, "timeout"),
        (ROUTE, {"maxRequestBody": "1Gi"}, "maxRequestBody"),
        (ROUTE, {"maxRequestBody": "4096Mi"}, "less than 4096Mi"),
        (ROUTE, {"rateLimits": [{"per": "Subject", "requests": 5, "interval": "49ms"}]}, "at least 50ms"),
        (GATEWAY, {"outlierDetection": {"ejectFor": "0s"}}, "longer than 0s"),
        (GATEWAY, {"circuitBreaker": {"maxRequests": 2**32}}, "maxRequests"),
        (ROUTE, {"retries": {"attempts": 6}}, "attempts"),
        (ROUTE, {"rateLimits": [{"per": "Planet", "requests": 5, "interval": "1s"}]}, "per"),
        (ROUTE, {"surprise": True}, "surprise"),
        ({"kind": "Service", "name": "order"}, {}, "kind"),
    ],
)
async def test_both_refuse_it(
    admin: Administrator, namespace: str, target: dict[str, Any], fields: dict[str, Any], word: str
) -> None:
    content = policy(namespace, "bad", target, **fields)
    assert word in await admin.refusal(content)
    with pytest.raises(ValidationError, match=word):
        GatewayPolicy.model_validate(content)


@pytest.mark.parametrize(
    ("target", "fields", "sentence"),
    [
        (ROUTE, {"circuitBreaker": {"maxRequests": 1}}, "circuitBreaker can only be set for the Gateway"),
        (ROUTE, {"outlierDetection": {}}, "outlierDetection can only be set for the Gateway"),
        (GATEWAY | {"sectionName": "http"}, {}, "sectionName names a rule of an HTTPRoute"),
    ],
)
async def test_what_only_the_whole_tells_is_refused_with_a_sentence(
    admin: Administrator, namespace: str, target: dict[str, Any], fields: dict[str, Any], sentence: str
) -> None:
    assert sentence in await admin.refusal(policy(namespace, "bad", target, **fields))
