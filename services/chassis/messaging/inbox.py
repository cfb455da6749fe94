"""The inbox: remembers which messages took effect, in the transaction of the effect itself."""

from collections.abc import Sequence

from services.chassis.messaging.messages import Message
from services.chassis.storage.session import Session

_SIGN_IN = "INSERT INTO inbox (message_id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING RETURNING message_id"


def unseen(session: Session, messages: Sequence[Message]) -> list[Message]:
    """Signs the messages in and returns those not seen before, in their order; no two have the same id.

    A concurrent transaction with the same message makes this one wait for its end.
    """
    # Sorted, so that two batches with messages in common wait for each other instead of deadlocking.
    ids = sorted(message.id for message in messages)
    fresh = {row[0] for row in session.query(_SIGN_IN, (ids,))}
    return [message for message in messages if message.id in fresh]


FORGET = """
DELETE FROM inbox WHERE message_id = ANY(ARRAY(
    SELECT message_id FROM inbox WHERE received_at < now() - interval '14 days' LIMIT %s
)) RETURNING 1
"""
"""Deletes so many rows that no topic can repeat any more: topics keep their messages for 7 days at most."""
