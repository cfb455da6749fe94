"""What staff find orders by: the words of the contact, from any of their letters on. Nothing here commits."""

from services.chassis import words
from services.chassis.database import Connection, Database
from services.chassis.ids import parse_id

CHUNK = 500
"""Orders given their words at once."""
EVERY_SECONDS = 5.0
"""How often orders are looked for that another version of the service placed."""

# The rule is written out: it is that of the index.
_WORDLESS = """
SELECT id, contact_name, contact_email FROM orders WHERE words_rule < 1
ORDER BY id DESC LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_WORDED = """
WITH worded AS (
    INSERT INTO order_words (order_id, words) SELECT id, words::tsvector FROM unnest(%s::uuid[], %s::text[]) AS m (id, words)
    ON CONFLICT (order_id) DO UPDATE SET words = excluded.words
)
UPDATE orders SET words_rule = %s WHERE id = ANY(%s)
"""


def words_of(name: str, email: str) -> str:
    """A `tsvector`."""
    return words.vector((name, "A"), (email, "B"), inside=True)


def condition(text: str) -> tuple[str, object]:
    """What a row of `orders` and its `order_words` must fulfil, in SQL, and the value in it."""
    order_id = parse_id(text)
    if order_id is not None:
        return "id = %s", order_id
    queries = words.queries(text)
    # Without a word in it nothing is found: no tsquery matches that is empty.
    return "words @@ %s::tsquery", " & ".join(f"({query})" for query in queries)


async def give_words(connection: Connection) -> int:
    """Makes orders found that are not yet, the newest first; how many these were, at most `CHUNK`."""
    found = await (await connection.execute(_WORDLESS, (CHUNK,))).fetchall()
    if found:
        ids = [row[0] for row in found]
        made = [words_of(name, email) for _, name, email in found]
        await connection.execute(_WORDED, (ids, made, words.RULE, ids))
    return len(found)


async def give_all_words(database: Database) -> None:
    """Until there is none without, in a transaction for each chunk."""
    count = CHUNK
    while count == CHUNK:
        async with database.transaction() as unit:
            count = await give_words(unit.connection)
