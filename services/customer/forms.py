"""Bodies of `application/x-www-form-urlencoded`, read as RFC 6749 wants them (section 3.2, appendix B): strictly."""

import re
from collections.abc import Collection
from email.message import Message
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers

from services.chassis.http.problems import BadRequest

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_CHARSETS: Final = {None, "utf-8", "utf8", "us-ascii", "ascii"}
MOST_PARAMETERS: Final = 100
_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def is_form(headers: Headers) -> bool:
    """Whether the body is said to be one."""
    return _kind(headers).get_content_type() == MEDIA_TYPE


def refuse_other_charsets(headers: Headers) -> None:
    """Raises BadRequest for all but UTF-8, of which ASCII is a part."""
    if _kind(headers).get_content_charset() not in _CHARSETS:
        raise BadRequest("The form must be UTF-8 (RFC 6749, appendix B); say so, or leave charset out.")


def _kind(headers: Headers) -> Message:
    told = Message()
    told["content-type"] = headers.get("content-type", "")
    return told


def parse(raw: bytes, wanted: Collection[str]) -> dict[str, str]:
    """The `wanted` parameters that have a value. Raises BadRequest.

    A parameter without a value counts as left out, others than those wanted are ignored, one given twice is refused.
    """
    if raw.count(b"&") >= MOST_PARAMETERS:
        raise BadRequest(f"The body has more than {MOST_PARAMETERS} parameters; send fewer.")
    found: dict[str, str] = {}
    for pair in raw.split(b"&"):
        name, value = (_decoded(part) for part in pair.partition(b"=")[::2])
        if name not in wanted or not value:
            continue
        if name in found:
            raise BadRequest(f"{name} is given more than once; give it once.")
        found[name] = value
    return found


def _decoded(text: bytes) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise BadRequest("The body has a % that no two hexadecimal digits follow; write a percent sign as %25.")
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8; encode it so before it is percent-encoded.") from None
