"""What a caller may send, and what is said when they send something else."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import Field
from starlette.requests import Request

from services.chassis.http.problems import (
    BadRequest,
    InvalidFields,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from services.chassis.http.requests import MAX_BODY, encode_cursor, page, path_uuid, read_json, text_parameter
from services.chassis.http.schemas import Body, Identifier, Money, Text, Uuid


class Line(Body):
    product_id: Uuid
    quantity: int


class Sample(Body):
    name: Text
    sku: Identifier = "x"
    lines: list[Line] = Field(default_factory=list)
    price: Money | None = None
    ratio: float = 1.0


def request(
    body: bytes | list[bytes] = b"",
    *,
    kind: str | None = "application/json",
    query: str = "",
    path: str = "",
    more: list[tuple[str, str]] | None = None,
) -> Request:
    chunks = list(body) if isinstance(body, list) else [body]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    headers = [(b"content-type", kind.encode())] if kind else []
    headers += [(name.encode(), value.encode()) for name, value in more or []]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": query.encode()}
    return Request({**scope, "path_params": {"id": path}}, receive)


async def read(document: Any) -> Sample:
    return await read_json(request(json.dumps(document).encode()), Sample)


async def faults(document: Any) -> dict[str, str]:
    with pytest.raises(InvalidFields) as caught:
        await read(document)
    return {fault["pointer"]: fault["detail"] for fault in caught.value.errors}


async def test_a_valid_body_is_read() -> None:
    product = "0198c0de-0000-7000-8000-000000000001"
    sample = await read({"name": "Ann", "lines": [{"product_id": product, "quantity": 2}], "ratio": 2})
    assert (sample.name, sample.lines[0].product_id, sample.ratio) == ("Ann", UUID(product), 2.0)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; Charset=US-ASCII",
        "application/json; version=1",
        "application/json;",
        "application/merge-patch+json",
        "application/problem+json",
        "Application/Problem+JSON; charset=utf8",
        "APPLICATION/JSON",
    ],
)
async def test_json_by_any_of_its_names_is_taken(kind: str) -> None:
    assert (await read_json(request(b'{"name": "a"}', kind=kind), Sample)).name == "a"


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "text/json+x",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json, text/plain",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        'application/json; charset=""',
        "application/json/x",
        "json",
    ],
)
async def test_anything_else_is_415(kind: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        await read_json(request(b'{"name": "a"}', kind=kind), Sample)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'a': 1}", b"nope", b'{"name": NaN}', b'"\xff"', b'{"name": "\\ud800"}', b"[" * 5000, b"{}{}"]
)
async def test_unreadable_json_is_400(body: bytes) -> None:
    with pytest.raises(BadRequest, match="not readable JSON"):
        await read_json(request(body), Sample)


async def test_a_body_over_the_limit_is_413_however_it_comes() -> None:
    for body in (b" " * (MAX_BODY + 1), [b" " * (MAX_BODY // 2)] * 3):
        with pytest.raises(PayloadTooLarge):
            await read_json(request(body), Sample)


async def test_a_body_at_the_limit_is_read() -> None:
    body = b'{"name": "a"}'
    assert (await read_json(request(body + b" " * (MAX_BODY - len(body))), Sample)).name == "a"


@pytest.mark.parametrize("document", [[], "text", 1, None])
async def test_a_body_that_is_no_object_is_422_at_the_root(document: Any) -> None:
    assert list(await faults(document)) == [""]


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ({"quantity": "2"}, "/lines/1/quantity"),
        ({"quantity": 2.5}, "/lines/1/quantity"),
        ({"quantity": 2.0}, "/lines/1/quantity"),
        ({"quantity": True}, "/lines/1/quantity"),
        ({"quantity": None}, "/lines/1/quantity"),
        ({"quantity": 10**30}, "/lines/1/quantity"),
        ({"product_id": "no"}, "/lines/1/product_id"),
        ({"product_id": 7}, "/lines/1/product_id"),
        ({"product_id": "{0198c0de-0000-7000-8000-000000000001}"}, "/lines/1/product_id"),
        ({"product_id": "0198c0de000070008000000000000001"}, "/lines/1/product_id"),
        ({"extra": 1}, "/lines/1/extra"),
        ({"a/b~c": 1}, "/lines/1/a~1b~0c"),
    ],
)
async def test_a_fault_is_named_by_its_pointer(line: dict[str, Any], pointer: str) -> None:
    good = {"product_id": "0198c0de-0000-7000-8000-000000000001", "quantity": 1}
    assert list(await faults({"name": "a", "lines": [good, good | line]})) == [pointer]


async def test_every_fault_is_named_at_once() -> None:
    found = await faults({"lines": [{}], "price": {"amount": -1, "currency": "eur"}, "what": 1})
    assert set(found) == {
        *("/name", "/lines/0/product_id", "/lines/0/quantity", "/price/amount", "/price/currency", "/what")
    }


async def test_strings_are_not_numbers_and_numbers_are_not_strings() -> None:
    assert set(await faults({"name": 5, "ratio": "1.0"})) == {"/name", "/ratio"}


@pytest.mark.parametrize("char", ["\x00", "\n", "\t", "\x1b", "\x7f", "\x85"])
async def test_control_characters_are_refused(char: str) -> None:
    assert list(await faults({"name": f"a{char}b", "sku": f"a{char}"})) == ["/name", "/sku"]


async def test_card_numbers_are_refused_in_text_and_never_repeated() -> None:
    found = await faults({"name": "pay 4111 1111 1111 1111"})
    assert "never card data" in found["/name"]
    assert "4111" not in str(found)
    assert (await read({"name": "a", "sku": "4111111111111111"})).sku == "4111111111111111"


async def test_a_repeated_key_takes_its_last_value() -> None:
    assert (await read_json(request(b'{"name": "a", "name": "b"}'), Sample)).name == "b"


async def test_a_body_full_of_faults_gets_a_short_answer() -> None:
    with pytest.raises(InvalidFields) as caught:
        await read({"name": "a"} | {f"unknown{number}": 1 for number in range(20_000)})
    assert len(orjson.dumps(caught.value.body())) < 20_000


@pytest.mark.parametrize(("query", "limit"), [("", 20), ("limit=1", 1), ("limit=100", 100), ("limit=050", 50)])
def test_limits_within_bounds_are_taken(query: str, limit: int) -> None:
    assert page(request(query=query)).limit == limit


@pytest.mark.parametrize(
    "text", ["0", "101", "-1", "1.5", "", "abc", "0000500000", "1" * 5000, "%C2%B2", "%D9%A3", "+5", "1e1"]
)
def test_other_limits_are_422(text: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        page(request(query=f"limit={text}"))
    assert caught.value.errors[0]["pointer"] == "?limit"


@pytest.mark.parametrize(("query", "text"), [("", ""), ("q=", ""), ("q=+lamp+", "lamp"), ("q=" + "x" * 200, "x" * 200)])
def test_a_parameter_is_text_without_spaces_around_it(query: str, text: str) -> None:
    assert text_parameter(request(query=query), "q") == text


@pytest.mark.parametrize("text", ["%00", "a%0Ab", "a%C2%85", "x" * 201])
def test_a_parameter_that_is_no_text_is_422(text: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        text_parameter(request(query=f"q={text}"), "q")
    assert [error["pointer"] for error in refusal.value.errors] == ["?q"]


def test_a_cursor_comes_back_as_it_was_given() -> None:
    cursor = encode_cursor("2026-01-01|ü?/+")
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?")
    assert page(request(query=f"cursor={cursor}")).cursor == "2026-01-01|ü?/+"


@pytest.mark.parametrize("raw", ["", "%", "a", "!!!!", "%C3%BC", "A" * 600, "_w", "AA==AA", encode_cursor("a\x00b")])
def test_a_foreign_cursor_is_422(raw: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        page(request(query=f"cursor={raw}"))
    assert caught.value.errors[0]["pointer"] == "?cursor"


def test_a_uuid_in_a_path_is_read_in_either_case() -> None:
    text = "0198C0DE-0000-7000-8000-00000000000A"
    assert path_uuid(request(path=text), "id") == UUID(text)


@pytest.mark.parametrize("text", ["", "1", "0198c0de000070008000000000000001", "x" * 36, "urn:uuid:" + "0" * 8])
def test_anything_else_in_a_path_is_404(text: str) -> None:
    with pytest.raises(NotFound):
        path_uuid(request(path=text), "id")


async def test_a_stream_is_left_when_it_is_too_long() -> None:
    sent = 0

    async def endless() -> AsyncIterator[dict[str, Any]]:
        nonlocal sent
        while True:
            sent += 1
            yield {"type": "http.request", "body": b" " * 65536, "more_body": True}

    chunks = endless()
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
    with pytest.raises(PayloadTooLarge):
        await read_json(Request(scope, lambda: anext(chunks)), Sample)
    assert sent < 20


CODINGS = ["gzip", "br", "deflate", "zstd", "GZip", "identity, gzip", "x-unknown", "aes128gcm"]


@pytest.mark.parametrize("coding", CODINGS)
async def test_an_encoded_body_is_415_and_says_what_is_taken(coding: str) -> None:
    for readable in (b'{"name": "a"}', b"\x1f\x8b\x08"):
        with pytest.raises(UnsupportedMediaType) as caught:
            await read_json(request(readable, more=[("content-encoding", coding)]), Sample)
        assert caught.value.headers == {"accept-encoding": "identity"}
    with pytest.raises(UnsupportedMediaType):
        await read_json(request(b"{}", more=[("content-encoding", "identity"), ("content-encoding", coding)]), Sample)


@pytest.mark.parametrize("coding", ["identity", "IDENTITY", "", "identity, identity"])
async def test_a_body_that_is_not_encoded_may_say_so(coding: str) -> None:
    assert (await read_json(request(b'{"name": "a"}', more=[("content-encoding", coding)]), Sample)).name == "a"


async def test_two_types_of_one_body_are_415() -> None:
    with pytest.raises(UnsupportedMediaType):
        await read_json(request(b'{"name": "a"}', more=[("content-type", "application/json")]), Sample)


async def test_a_body_that_is_announced_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(PayloadTooLarge):
        await read_json(request([], more=[("content-length", str(MAX_BODY + 1))]), Sample)
