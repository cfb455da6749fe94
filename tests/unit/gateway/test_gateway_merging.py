"""How the services' parts become one document."""

import pytest
from pydantic import ValidationError

from services.gateway.merging import LIMITS, Json, merge
from services.gateway.parts import Part
from tests.support.operations import route_table

TABLE = route_table()


def a_part(path: str, method: str = "get", thing: str = "string", **more: object) -> Part:
    schema = {"$ref": "#/components/schemas/Thing"}
    answer = {"description": "fine", "content": {"application/json": {"schema": schema}}}
    return Part.model_validate(
        {
            "openapi": "3.1.0",
            "tags": [{"name": "things"}],
            "paths": {path: {method: {"responses": {"200": answer}}}},
            "components": {"schemas": {"Thing": {"type": thing}}},
        }
        | more
    )


def schema_of(document: Json, path: str) -> Json:
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    name = content["$ref"].rpartition("/")[2]
    return dict(document["components"]["schemas"][name])


def test_an_operation_is_there_when_the_gateway_routes_it_to_its_service() -> None:
    document = merge({"order": a_part("/api/v1/orders/{number}")}, TABLE)
    assert list(document["paths"]) == ["/api/v1/orders/{number}"]
    assert document["servers"] == [{"url": "/"}]
    assert document["tags"] == [{"name": "things"}]


@pytest.mark.parametrize(
    ("service", "path", "method"),
    [
        ("order", "/api/v1/internal", "get"),
        ("order", "/api/v1/orders/{id}", "delete"),
        ("product", "/api/v1/orders/{id}", "get"),
    ],
)
def test_one_that_no_route_leads_to_is_left_out(service: str, path: str, method: str) -> None:
    document = merge({service: a_part(path, method)}, TABLE)
    assert (document["paths"], document["tags"], document["components"]) == ({}, [], {})


def test_what_two_services_call_the_same_and_mean_the_same_is_there_once() -> None:
    parts = {"order": a_part("/api/v1/orders"), "product": a_part("/api/v1/products")}
    assert merge(parts, TABLE)["components"] == {"schemas": {"Thing": {"type": "string"}}}


def test_what_they_mean_otherwise_keeps_its_own_meaning() -> None:
    parts = {"order": a_part("/api/v1/orders"), "product": a_part("/api/v1/products", thing="integer")}
    document = merge(parts, TABLE)
    assert schema_of(document, "/api/v1/orders") == {"type": "string"}
    assert schema_of(document, "/api/v1/products") == {"type": "integer"}


def test_a_route_s_rate_limits_are_told_unless_they_are_off() -> None:
    parts = {"customer": a_part("/api/v1/tokens", "post")}
    document = merge(parts, TABLE)
    [own] = document["paths"]["/api/v1/tokens"]["post"][LIMITS]
    assert (own["per"], own["requests"], own["interval_seconds"]) == ("Address", 120, 60)
    assert {limit["per"] for limit in document[LIMITS]} == {"Address", "Subject"}
    assert LIMITS not in str(merge(parts, TABLE, limits=False))


@pytest.mark.parametrize("content", ["{}", "[]", '{"openapi": "2.0"}', '{"openapi": "3.1.0", "paths": {"/": 1}}'])
def test_what_is_no_openapi_document_is_no_part(content: str) -> None:
    with pytest.raises(ValidationError):
        Part.model_validate_json(content)
