"""Idempotency-Key: a repeat gets the first answer, because the key commits with the effect.

Keys are per caller and path, for 24 hours. An answer 4xx rolls back and so does not use up its key.
Source: IETF draft "The Idempotency-Key HTTP Header Field".
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import orjson
from pydantic import BaseModel
from starlette.requests import Request

from services.chassis.http.problems import BadRequest, FieldError, InvalidFields
from services.chassis.storage.database import Connection

HEADER = "idempotency-key"
REPLAYED = {"idempotency-replayed": "true"}
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

_CLAIM = """
INSERT INTO idempotency_key (caller, path, key, body_hash, status, location) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (caller, path, key) DO UPDATE
    SET body_hash = excluded.body_hash, status = excluded.status, location = excluded.location, created_at = now()
    WHERE idempotency_key.created_at < now() - interval '24 hours'
RETURNING key
"""
_FIRST = "SELECT body_hash, status, location FROM idempotency_key WHERE caller = %s AND path = %s AND key = %s"


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's key on a path, with the hash of the parsed body it came with."""

    caller: str
    path: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What the first request under the key was answered."""

    status: int
    location: str


def read_key(request: Request, caller: str, body: BaseModel) -> Key:
    """The request's key. Raises BadRequest when the header is missing or malformed."""
    values = request.headers.getlist(HEADER)
    if not values:
        raise BadRequest("Send an Idempotency-Key header (a UUID will do), so that a repeat is safe.")
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        raise BadRequest("Idempotency-Key must be one value of 1 to 255 visible ASCII characters.")
    canonical = orjson.dumps(body.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return Key(caller, request.url.path, values[0], hashlib.sha256(canonical).digest())


async def claim(connection: Connection, key: Key, status: int, location: str) -> FirstAnswer | None:
    """Claims the key for the answer this transaction is about to give: None, or the first answer if there was one.

    A simultaneous request with the same key waits here for the first one's commit. Raises InvalidFields when the
    first one had another body.
    """
    fresh = await connection.execute(_CLAIM, (key.caller, key.path, key.key, key.body_hash, status, location))
    if await fresh.fetchone():
        return None
    row = await (await connection.execute(_FIRST, (key.caller, key.path, key.key))).fetchone()
    if row is None:  # forgotten in this very moment: it is free again
        return await claim(connection, key, status, location)
    first = first_answer(key, *row)
    if isinstance(first, InvalidFields):
        raise first
    return first


_CLAIM_NEW = """
INSERT INTO idempotency_key (caller, path, key, body_hash, status, location)
SELECT caller, path, key, decode(body_hash, 'hex'), status, location FROM json_to_recordset(%s)
AS r (caller text, path text, key text, body_hash text, status smallint, location text)
"""
_CLAIM_ALL = (
    _CLAIM_NEW
    + """
ON CONFLICT (caller, path, key) DO UPDATE
    SET body_hash = excluded.body_hash, status = excluded.status, location = excluded.location, created_at = now()
    WHERE idempotency_key.created_at < now() - interval '24 hours'
RETURNING caller, path, key
"""
)
_FIRSTS = """
SELECT caller, path, key, body_hash, status, location FROM idempotency_key JOIN json_to_recordset(%s)
AS r (caller text, path text, key text) USING (caller, path, key)
"""


class Reader(Protocol):
    """A unit of work, as far as keys need it."""

    @property
    def locking(self) -> bool: ...
    def read(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]: ...
    def write(self, change: str, rows: Sequence[Any]) -> None: ...


def claim_all(unit: Reader, claims: Sequence[tuple[Key, int, str]]) -> list[FirstAnswer | InvalidFields | None]:
    """As `claim`, for several different keys (each with the status and the location of its answer) in one unit.

    A unit that does not lock takes all keys for new ones, and conflicts when one is not.
    """
    rows = [
        {**asdict(key), "body_hash": key.body_hash.hex(), "status": status, "location": location}
        for key, status, location in sorted(claims, key=lambda claim: (claim[0].caller, claim[0].path, claim[0].key))
    ]
    if not unit.locking:
        unit.write(_CLAIM_NEW, rows)
        return [None] * len(claims)
    fresh = {tuple(row) for row in unit.read(_CLAIM_ALL, orjson.dumps(rows).decode())}
    firsts = {row[:3]: row[3:] for row in unit.read(_FIRSTS, orjson.dumps(rows).decode())}
    answers: list[FirstAnswer | InvalidFields | None] = []
    for key, _, _ in claims:
        name = key.caller, key.path, key.key
        answers.append(None if name in fresh else first_answer(key, *firsts[name]))
    return answers


def first_answer(key: Key, body_hash: bytes, status: int, location: str) -> FirstAnswer | InvalidFields:
    """What a repeat of `key` is answered, after the first one's body, status and location."""
    if bytes(body_hash) != key.body_hash:
        fault: FieldError = {"pointer": "", "detail": "differs from the body first sent under this Idempotency-Key"}
        return InvalidFields("This Idempotency-Key was used with another body; take a new key.", errors=[fault])
    return FirstAnswer(status, location)


FORGET = """
DELETE FROM idempotency_key WHERE (caller, path, key) IN (
    SELECT caller, path, key FROM idempotency_key WHERE created_at < now() - interval '24 hours' LIMIT %s
) RETURNING 1
"""
"""Deletes so many keys whose time is over."""
