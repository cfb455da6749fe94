"""Reads what the Stripe library sends: form-encoded bodies, bracketed names, the idempotency key."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.chassis.ids import new_id
from services.chassis.requests import read_body
from tryout.simulator.errors import InvalidRequest

_BRACKETED = re.compile(r"metadata\[(\w{1,40})\]")
_ORDER_QUERY = re.compile(r"""metadata\[['"]order_id['"]\]\s*:\s*['"]([^'"\\]{1,100})['"]""")


@dataclass(frozen=True, slots=True)
class Command:
    """A POST: its key, a fingerprint of path and parameters, and the parameters as sent, brackets included."""

    key: str
    fingerprint: bytes
    form: Mapping[str, str]

    @property
    def metadata(self) -> dict[str, str]:
        found = ((_BRACKETED.fullmatch(name), value) for name, value in self.form.items())
        return {match.group(1): value for match, value in found if match}

    def number(self, name: str) -> int | None:
        """A whole number over zero, or None when absent. Raises InvalidRequest."""
        text = self.form.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) <= 99_999_999):
            raise InvalidRequest(f"Invalid integer: {name}", param=name)
        return int(text)

    def required(self, name: str) -> str:
        value = self.form.get(name)
        if not value:
            raise InvalidRequest(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return value


async def read_command(request: Request) -> Command:
    """The body and key of a POST. Raises InvalidRequest."""
    raw = await read_body(request)
    try:
        form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not form-encoded UTF-8.") from None
    key = request.headers.get("idempotency-key") or str(new_id())
    if len(key) > 255:
        raise InvalidRequest("Idempotency-Key is longer than 255 characters.")
    return Command(key, hashlib.sha256(request.url.path.encode() + b"\n" + raw).digest(), form)


def searched_order(request: Request) -> str:
    """The order id of a search; the one query the simulator understands. Raises InvalidRequest."""
    match = _ORDER_QUERY.fullmatch(request.query_params.get("query", "").strip())
    if match is None:
        raise InvalidRequest("The simulator searches by metadata['order_id']:'…' only.", param="query")
    return match.group(1)


def wants_charge(values: Mapping[str, str]) -> bool:
    """Whether the caller asked to see the charge (`expand[]=latest_charge`, in lists `data.latest_charge`)."""
    return any(name.startswith("expand[") and value.endswith("latest_charge") for name, value in values.items())


def limit(request: Request) -> int:
    text = request.query_params.get("limit", "10")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 100):
        raise InvalidRequest("limit must be from 1 to 100.", param="limit")
    return int(text)
