"""Makes one statement of everything a unit writes: what it changes, its inbox rows, its outbox rows.

One way to the server and back is then the whole transaction. Rows come as JSON, one document for each table: to adapt
arrays of each column costs the client more than the server needs to read them.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count

_SIGN_IN = "INSERT INTO inbox (message_id) SELECT json_array_elements_text(%s)"
# `older` finds earlier messages of an urgent one's key and topic that wait still; it sees what was there before.
_PUBLISH = """given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s)
    AS r (n int, bucket smallint, topic text, key text, payload text, headers jsonb, patient boolean)
), sent AS (
    INSERT INTO outbox (bucket, topic, key, payload, headers, patient)
    SELECT bucket, topic, key, convert_to(payload, 'UTF8'), headers, patient FROM given ORDER BY n RETURNING id
)"""
_IDS = "(SELECT json_agg(id ORDER BY id) FROM sent)"
_OLDER = (
    "(SELECT json_agg(json_build_array(g.n, o.id)) FROM given g JOIN outbox o USING (key)"
    " WHERE NOT g.patient AND o.topic = g.topic AND o.bucket >= 0)"
)
_REVISION = "pg_current_xact_id()::text"

Shape = tuple[str, bool]
"""A change (INSERT, UPDATE or DELETE with one `%s`, its rows as JSON), and whether its rows are counted."""


@lru_cache(256)
def statement(changes: Sequence[Shape], *, sign_in: bool, publish: bool) -> str:
    """The values, in order: of each change its rows, of each that is counted the count, the inbox ids, the messages.

    The answer: the revision, and as JSON (null for none) the ids of the outbox rows, and the pairs of n and id of
    earlier rows that wait.
    """
    parts = [f"change{n} AS ({sql}{' RETURNING 1' if counted else ''})" for n, (sql, counted) in enumerate(changes)]
    held = " AND ".join(
        f"(SELECT count(*) FROM change{n}) = %s"  # noqa: S608
        for n, (_, counted) in enumerate(changes)
        if counted
    )
    if held:
        parts.append(f"held AS MATERIALIZED (SELECT must_hold({held}) AS held)")
    if sign_in:
        parts.append(f"signed AS ({_SIGN_IN})")
    if publish:
        parts.append(_PUBLISH)
    asked = f"{_REVISION}, {_IDS}, {_OLDER}" if publish else f"{_REVISION}, NULL, NULL"
    whole = f"WITH {', '.join(parts)} SELECT {asked}{' FROM held' if held else ''}"  # noqa: S608
    numbers = count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", whole)
