"""Reads what callers send, strictly, and says precisely what is wrong with it."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from services.chassis.http.content import check_json, check_plain
from services.chassis.http.problems import (
    BadRequest,
    FieldError,
    InvalidFields,
    NotFound,
    PayloadTooLarge,
)
from services.chassis.runtime.ids import parse_id
from services.chassis.texts.text import holds_control, shows

MAX_BODY = 1024 * 1024
_CURSOR_LIMIT = 512
_LONGEST_PARAMETER = 200
# Enough for a person; a body full of faults must not make a long answer.
_MOST_ERRORS = 100

M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request) -> bytes:
    """The raw body, at most 1 MiB. Raises UnsupportedMediaType when it is encoded, and PayloadTooLarge."""
    check_plain(request)
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > MAX_BODY:
        raise _too_large()
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


async def read_json(request: Request, model: type[M]) -> M:
    """The body as `model`. Raises UnsupportedMediaType, PayloadTooLarge, BadRequest, InvalidFields."""
    check_json(request)
    raw = await read_body(request)
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not readable JSON: {error}.") from None
    return validate(model, document)


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge("The body is over 1 MiB; send less at once.")


def validate(model: type[M], document: Any) -> M:
    """`document` (parsed JSON) as `model`. Raises InvalidFields with a JSON pointer for each fault."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise InvalidFields("Some fields are invalid; see errors.", errors=field_errors(error)) from None


def field_errors(error: ValidationError) -> list[FieldError]:
    """Pydantic's faults as JSON pointers and sentences; the refused value itself is never repeated."""
    found: list[FieldError] = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_ERRORS]:
        pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in fault["loc"])
        found.append({"pointer": pointer, "detail": fault["msg"].removeprefix("Value error, ")})
    return found


def path_uuid(request: Request, name: str) -> UUID:
    """A path parameter as UUID. Raises NotFound, since nothing can live under another spelling."""
    found = parse_id(str(request.path_params[name]))
    if found is None:
        raise NotFound("There is nothing under this id.")
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Keyset pagination: at most `limit` items after `cursor` (None: from the start)."""

    limit: int
    cursor: str | None


def page(request: Request) -> Page:
    """`?limit` (1-100, default 20) and `?cursor` (as `next_cursor` gave it). Raises InvalidFields."""
    text = request.query_params.get("limit", "20")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):
        raise InvalidFields(
            "Some parameters are invalid; see errors.",
            errors=[{"pointer": "?limit", "detail": "must be a whole number from 1 to 100"}],
        )
    raw = request.query_params.get("cursor")
    return Page(int(text), None if raw is None else _decode_cursor(raw))


def text_parameter(request: Request, name: str, *, longest: int = _LONGEST_PARAMETER) -> str:
    """A query parameter without blanks around it; "" without it, or when it shows nothing. Raises InvalidFields."""
    text = request.query_params.get(name, "").strip(" ")
    if len(text) > longest or holds_control(text):
        detail = f"must be at most {longest} characters, none of them a control character or a line's end"
        raise InvalidFields(
            "Some parameters are invalid; see errors.", errors=[{"pointer": f"?{name}", "detail": detail}]
        )
    return text.strip() if shows(text) else ""


def bad_cursor() -> InvalidFields:
    return InvalidFields(
        "Some parameters are invalid; see errors.",
        errors=[{"pointer": "?cursor", "detail": "is not a cursor of this list; take next_cursor as it was given"}],
    )


def encode_cursor(text: str) -> str:
    """URL-safe and opaque."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode_cursor(raw: str) -> str:
    if not raw or len(raw) > _CURSOR_LIMIT:
        raise bad_cursor()
    try:
        text = base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise bad_cursor() from None
    if "\x00" in text:
        raise bad_cursor()
    return text
