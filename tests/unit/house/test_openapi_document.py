"""The platform's OpenAPI document is valid, and says what the routes say."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.chassis.http.operations import Access
from services.gateway.merging import line_of
from services.gateway.routes import Forward
from tests.support.operations import SERVICES, document, operations_of, route_table

DOCUMENT = document()
TABLE = route_table()
OPERATIONS = [(service, operation) for service in SERVICES for operation in operations_of(service)]


def test_the_document_is_openapi_3_1() -> None:
    faults = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()
    ]
    assert faults == []


def test_names_are_unique_and_no_service_means_something_else_by_another_s() -> None:
    names = [operation.name for _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    renamed = [name for section in DOCUMENT["components"].values() for name in section if "-" in name]
    assert {name for name in renamed if name.partition("-")[0] in SERVICES} == set()


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=[op.name for _, op in OPERATIONS])
def test_every_operation_is_routed_to_its_service_and_asks_for_a_token_where_the_gateway_does(
    service: str, operation: Any
) -> None:
    line = line_of(TABLE, operation.method, operation.path)
    assert line is not None
    assert isinstance(line.action, Forward)
    assert [ref.name for ref in line.action.backends] == [service]
    assert line.policy.token_required == (operation.access is not Access.PUBLIC)
    assert operation.method.lower() in DOCUMENT["paths"][operation.path]


def test_every_route_is_described() -> None:
    lines = {line.match.model_dump_json() for line in TABLE.routes if isinstance(line.action, Forward)}
    described = [
        line_of(TABLE, method, operation.path)
        for _, operation in OPERATIONS
        # What GET answers is described, and HEAD is the same without a body.
        for method in (("GET", "HEAD") if operation.method == "GET" else (operation.method,))
    ]
    assert lines == {line.match.model_dump_json() for line in described if line}


def examples(value: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(place, schema, example) of every example in the document."""
    if isinstance(value, dict):
        if "schema" in value and "example" in value:
            yield place, value["schema"], value["example"]
        for key, each in value.items():
            yield from examples(each, f"{place}/{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from examples(each, f"{place}/{index}")


@pytest.mark.parametrize(("schema", "example"), [pytest.param(s, e, id=place) for place, s, e in examples(DOCUMENT)])
def test_every_example_is_what_its_schema_says(schema: Any, example: Any) -> None:
    whole = {"components": DOCUMENT["components"], **schema}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example)
