"""The inbox: remembers which messages took effect, in the transaction of the effect itself."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from services.chassis.messaging.messages import Message

_SIGN = "INSERT INTO inbox (message_id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING RETURNING message_id"


async def unseen(connection: AsyncConnection[tuple[Any, ...]], messages: Sequence[Message]) -> list[Message]:
    """Signs the messages in and returns those not seen before, in their order.

    A concurrent transaction with the same message makes this one wait for its end.
    """
    # Sorted, so that two batches with messages in common wait for each other instead of deadlocking.
    ids = sorted({message.id for message in messages})
    cursor = await connection.execute(_SIGN, (ids,))
    fresh = {row[0] for row in await cursor.fetchall()}
    result: list[Message] = []
    for message in messages:
        if message.id in fresh:
            fresh.discard(message.id)
            result.append(message)
    return result


FORGET = """
DELETE FROM inbox WHERE message_id = ANY(ARRAY(
    SELECT message_id FROM inbox WHERE received_at < now() - interval '14 days' LIMIT %s
)) RETURNING 1
"""
"""Deletes so many rows that no topic can repeat any more: topics keep their messages for 7 days at most."""
