"""What the headers of a request say of its body."""

from email.message import Message

from starlette.requests import Request

from services.chassis.http.problems import UnsupportedMediaType

_JSON = "application/json"
_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii"}


def check_plain(request: Request) -> None:
    """Bodies are taken as they are (RFC 9110, 8.4 and 15.5.16). Raises UnsupportedMediaType."""
    for codings in request.headers.getlist("content-encoding"):
        if {coding.strip().lower() for coding in codings.split(",")} - {"", "identity"}:
            raise UnsupportedMediaType(
                "Send the body as it is, without Content-Encoding.", headers={"accept-encoding": "identity"}
            )


def check_json(request: Request) -> None:
    """JSON has no charset but UTF-8 (RFC 8259, 8.1), of which ASCII is a part. Raises UnsupportedMediaType."""
    kinds = request.headers.getlist("content-type")
    if kinds == [_JSON]:
        return
    told = Message()
    told["content-type"] = kinds[0] if len(kinds) == 1 else ""
    kind = told.get_content_type()
    if kind != _JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType("Send the body as application/json.")
    if told.get_param("charset") is not None and told.get_content_charset() not in _CHARSETS:
        raise UnsupportedMediaType("Send JSON in UTF-8; it has no other charset.")
