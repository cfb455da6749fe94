"""Reads what the Stripe library sends: form-encoded bodies, bracketed names, the idempotency key."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.chassis.http.requests import read_body
from services.chassis.runtime.ids import new_id
from tryout.simulator import parameters
from tryout.simulator.errors import InvalidRequest

_METADATA = re.compile(r"metadata\[([^\[\]]+)\]")
_ORDER_QUERY = re.compile(r"""metadata\[['"]order_id['"]\]\s*:\s*['"]([^'"\\]{1,100})['"]""")
_LONGEST_INTEGER = 18
_BOUNDS = ("gt", "gte", "lt", "lte")


@dataclass(frozen=True, slots=True)
class Command:
    """A POST: its key, a fingerprint of path and parameters, and the parameters as sent, brackets included.

    `request_id` names this very request; `expand` is what its answer is to show whole.
    """

    key: str
    fingerprint: bytes
    form: Mapping[str, str]
    request_id: str = ""
    expand: Sequence[str] = ()

    @property
    def metadata(self) -> dict[str, str]:
        """Raises InvalidRequest for more or longer ones than Stripe keeps."""
        matches = ((_METADATA.fullmatch(name), value) for name, value in self.form.items())
        found = {match.group(1): value for match, value in matches if match}
        if len(found) > 50 or any(len(name) > 40 or len(value) > 500 for name, value in found.items()):
            raise InvalidRequest(
                "Metadata has at most 50 keys of at most 40 characters, and values of at most 500.", param="metadata"
            )
        return found

    def number(self, name: str) -> int | None:
        """A whole number over zero, or None when absent. Raises InvalidRequest."""
        return _number(self.form, name)

    def required(self, name: str) -> str:
        value = self.form.get(name)
        if not value:
            raise InvalidRequest(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return value

    def flag(self, name: str) -> bool:
        """True or false, false when absent. Raises InvalidRequest."""
        value = self.form.get(name, "false")
        if value not in ("true", "false"):
            raise InvalidRequest(f"Invalid boolean: {value}", param=name)
        return value == "true"

    def one_of(self, name: str, allowed: Sequence[str]) -> str | None:
        """One of these words, or None when absent. Raises InvalidRequest."""
        value = self.form.get(name)
        if value is not None and value not in allowed:
            words = ", ".join(allowed[:-1]) + f", or {allowed[-1]}" if len(allowed) > 1 else allowed[0]
            raise InvalidRequest(f"Invalid {name}: must be one of {words}", param=name)
        return value


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; `created` are bounds in seconds since 1970, e.g. `{"gte": 1700000000}`."""

    limit: int
    after: str | None
    before: str | None
    created: Mapping[str, int]
    expand: Sequence[str]


async def read_command(
    request: Request, request_id: str, known: frozenset[str], parts: frozenset[str] = parameters.INTENT_PARTS
) -> Command:
    """The body and key of a POST. Raises InvalidRequest."""
    raw = await read_body(request)
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not form-encoded UTF-8.") from None
    parameters.check((name for name, _ in pairs), known)
    key = request.headers.get("idempotency-key") or str(new_id())
    if len(key) > 255:
        raise InvalidRequest("Idempotency-Key is longer than 255 characters.")
    fingerprint = hashlib.sha256(request.url.path.encode() + b"\n" + raw).digest()
    return Command(key, fingerprint, dict(pairs), request_id, parameters.expandable(_expand(pairs), parts))


def read_expand(request: Request, known: frozenset[str] = parameters.RETRIEVE) -> Sequence[str]:
    """What the answer to a GET is to show whole (`expand[]=latest_charge`). Raises InvalidRequest."""
    pairs = request.query_params.multi_items()
    parameters.check((name for name, _ in pairs), known)
    return _expand(pairs)


def read_page(request: Request, known: frozenset[str]) -> Page:
    """Raises InvalidRequest."""
    expand = read_expand(request, known)
    given = request.query_params
    limit = _number(given, "limit") or 10
    if limit > 100:
        raise InvalidRequest("Invalid limit: must be from 1 to 100.", code="parameter_invalid_integer", param="limit")
    bounds = {bound: _number(given, f"created[{bound}]") for bound in _BOUNDS}
    if exactly := _number(given, "created"):
        bounds |= {"gte": exactly, "lte": exactly}
    created = {bound: value for bound, value in bounds.items() if value is not None}
    # The members of a list are expanded as `data.…`.
    inner = [path.removeprefix("data.") for path in expand]
    return Page(limit, given.get("starting_after"), given.get("ending_before"), created, inner)


def searched_order(request: Request) -> str:
    """The order id of a search; the one query the simulator understands. Raises InvalidRequest."""
    match = _ORDER_QUERY.fullmatch(request.query_params.get("query", "").strip())
    if match is None:
        raise InvalidRequest("The simulator searches by metadata['order_id']:'…' only.", param="query")
    return match.group(1)


def _expand(pairs: Sequence[tuple[str, str]]) -> Sequence[str]:
    return [value for name, value in pairs if name.startswith("expand[")]


def _number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    whole = text.removeprefix("-")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= _LONGEST_INTEGER):
        raise InvalidRequest(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    if int(text) < 1:
        message = "This value must be greater than or equal to 1."
        raise InvalidRequest(message, code="parameter_invalid_integer", param=name)
    return int(text)
