"""What staff find orders by: the contact's name and address. Nothing here commits."""

from services.chassis.storage.database import Connection, Database
from services.chassis.texts import words

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
    INSERT INTO order_words (order_id, words)
    SELECT id, words::tsvector FROM unnest(%s::uuid[], %s::text[]) AS made (id, words)
    ON CONFLICT (order_id) DO UPDATE SET words = excluded.words
)
UPDATE orders SET words_rule = %s WHERE id = ANY(%s)
"""


def words_of(name: str, email: str) -> str:
    """A `tsvector`. Of an address only the beginnings of its words: all their ends would cost more than the order."""
    return words.vector(("A", words.terms(name, inside=True)), ("B", words.terms(email)))


def query_of(text: str) -> str:
    """What staff typed, as a `tsquery`; an empty one, which finds nothing, when there is no word in it."""
    return " & ".join(f"({query})" for query in words.queries(text))


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
