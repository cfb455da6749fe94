"""What products are found by, and what is asked for, in SQL. Nothing here commits."""

from uuid import UUID

from psycopg.sql import SQL, Composed, Literal

from services.chassis.storage.database import Connection, Database
from services.chassis.texts import words

CHUNK = 500
"""Products given their words at once."""
EVERY_SECONDS = 5.0
"""How often products are looked for that another version of the service put in."""

_WORDLESS = """
SELECT id, name, sku, category, description FROM product
WHERE words_rule < %s AND (%s::uuid IS NULL OR id = %s) LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
# English stems besides: without them the plural of a word would not find it.
_WORDED = """
UPDATE product SET words = made.words::tsvector || search, words_rule = %s
FROM unnest(%s::uuid[], %s::text[]) AS made (id, words) WHERE product.id = made.id
"""


def asked(text: str) -> Composed | None:
    """A condition's right side: what a person typed as a tsquery. None: there is no word in it."""
    queries = words.queries(text)
    return SQL(" && ").join(map(_either, queries)) if queries else None


def _either(query: str) -> Composed:
    plain = SQL("{}::tsquery").format(Literal(query))
    # A stop word among several would make them mean less than was typed; one alone comes to nothing here.
    if " " in query:
        return SQL("({})").format(plain)
    return SQL("({} || to_tsquery('english', {}))").format(plain, Literal(query))


async def give_words(connection: Connection, product_id: UUID | None = None) -> int:
    """Makes products found that are not yet, or only by an earlier rule; how many these were, at most `CHUNK`.

    With `product_id`, that one alone.
    """
    values = (words.RULE, product_id, product_id, CHUNK)
    found = await (await connection.execute(_WORDLESS, values)).fetchall()
    if found:
        made = [_words_of(*texts) for _, *texts in found]
        await connection.execute(_WORDED, (words.RULE, [row[0] for row in found], made))
    return len(found)


def _words_of(name: str, sku: str, category: str, description: str) -> str:
    """A `tsvector`."""
    weighted = (("A", name), ("A", sku), ("B", category), ("C", description))
    return words.vector(*((weight, words.terms(text)) for weight, text in weighted))


async def give_all_words(database: Database) -> None:
    """Until there is none without, in a transaction for each chunk."""
    count = CHUNK
    while count == CHUNK:
        async with database.transaction() as tx:
            count = await give_words(tx.connection)
