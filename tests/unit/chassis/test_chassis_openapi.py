"""What follows from an operation without being said."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import pytest
from typing_extensions import TypedDict

from services.chassis.http.openapi import part
from services.chassis.http.openapi_common import Json
from services.chassis.http.operations import Access, Answer, Content, ListOf, Operation, Parameter, SameAs
from services.chassis.http.problems import Conflict
from services.chassis.http.schemas import Body, Money


class _Money(TypedDict):
    amount: int
    currency: str


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class ThingDocument(TypedDict):
    price: Annotated[_Money, SameAs(Money)]
    colour: Colour


class Thing(Body):
    pass


class NewThing(Body):
    price: Money


LIST = Operation(
    method="GET",
    path="/things",
    name="listThings",
    summary="List",
    paged=True,
    answers=[Answer(status=200, description="A page.", content=Content(type=ListOf(ThingDocument)))],
)
MAKE = Operation(
    method="POST",
    path="/things/{id}/parts/{part}",
    name="makePart",
    summary="Make",
    access=Access.ADMIN,
    idempotency_key=True,
    body=Content(type=NewThing),
    parameters=[Parameter(name="part", place="path", description="A name.")],
    answers=[Answer(status=201, description="Made.", content=Content(type=ThingDocument), headers=["Location"])],
    problems={Conflict: "There is one."},
)
READ = Operation(
    method="GET",
    path="/open",
    name="readOpen",
    summary="Read",
    access=Access.PUBLIC,
    answers=[Answer(status=200, description="Fine."), Answer(status=304, description="Not changed.")],
)
DOCUMENT = part("things", "Things.", [LIST, MAKE, READ])


def operation(method: str, path: str) -> Json:
    return dict(DOCUMENT["paths"][path][method])


def statuses(method: str, path: str) -> set[str]:
    return set(operation(method, path)["responses"])


ALWAYS = {"429", "500", "503", "default"}


def test_errors_follow_from_token_role_path_and_body() -> None:
    assert statuses("get", "/open") == {"200", "304", *ALWAYS}
    assert statuses("get", "/things") == {"200", "401", "422", *ALWAYS}
    body = {"400", "413", "415", "422"}
    assert statuses("post", "/things/{id}/parts/{part}") == {"201", "401", "403", "404", "409", *body, *ALWAYS}


def test_an_error_means_what_the_operation_says_else_what_it_always_means() -> None:
    responses = operation("post", "/things/{id}/parts/{part}")["responses"]
    assert responses["409"] == {"$ref": "#/components/responses/Conflict", "description": "There is one."}
    assert responses["401"]["description"] == "No token, or not a valid one."


def test_parameters_follow_from_path_pages_and_keys() -> None:
    shared = "#/components/parameters/"
    by_id, by_name, key = operation("post", "/things/{id}/parts/{part}")["parameters"]
    assert (by_id["name"], by_id["schema"]) == ("id", {"type": "string", "format": "uuid"})
    assert (by_name["name"], by_name["in"], by_name["required"]) == ("part", "path", True)
    assert key == {"$ref": shared + "IdempotencyKey"}
    assert operation("get", "/things")["parameters"] == [{"$ref": shared + "Limit"}, {"$ref": shared + "Cursor"}]
    assert operation("get", "/open")["parameters"] == [{"$ref": shared + "IfNoneMatch"}]


def test_every_answer_has_the_trace_id_and_one_under_a_key_may_be_replayed() -> None:
    assert "x-trace-id" in operation("get", "/open")["responses"]["304"]["headers"]
    headers = operation("post", "/things/{id}/parts/{part}")["responses"]["201"]["headers"]
    assert set(headers) == {"x-trace-id", "Location", "Idempotency-Replayed"}


def test_who_may_call_is_told() -> None:
    assert operation("get", "/open")["security"] == []
    assert operation("get", "/things")["security"] == [{"bearer": []}]
    assert operation("post", "/things/{id}/parts/{part}")["security"] == [{"bearer": ["admin"]}]


def test_a_dict_that_is_written_has_the_schema_of_the_model_that_is_read() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert set(schemas) == {"Money", "NewThing", "Thing", "Problem"}
    money = {"$ref": "#/components/schemas/Money"}
    assert schemas["Thing"]["properties"] == {"price": money, "colour": {"type": "string", "enum": ["red", "blue"]}}
    assert schemas["NewThing"]["properties"] == {"price": money}


def test_two_types_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="both be called Thing"):
        part("things", "", [LIST, replace(MAKE, body=Content(type=Thing))])
