"""Order events in, notifications out: one transaction for a whole batch."""

from functools import partial
from uuid import UUID

from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.unit import Unit
from services.chassis.runtime.ids import new_id
from services.notification import render, repository
from services.notification.kinds import KINDS, SILENT
from services.notification.mailer import Mailer
from services.notification.messages import read_order
from services.notification.repository import Draft


class Handlers:
    """Handles batches of `order.events`."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def on_events(self, unit: Unit, messages: list[Message]) -> None:
        """Raises InvalidMessage for an event that cannot be told of."""
        drafts: dict[tuple[UUID, str], Draft] = {}
        for message in messages:
            if message.type not in SILENT:
                draft = drafted(message)
                drafts.setdefault((draft.order_id, draft.kind), draft)
        if drafts:
            # In one order everywhere, so that two batches with notifications in common do not deadlock.
            self._keep(unit, [drafts[key] for key in sorted(drafts)])

    def _keep(self, unit: Unit, drafts: list[Draft]) -> None:
        if unit.locking:
            repository.insert_or_revive(unit, drafts)
            unit.after_commit(self._mailer.left)
            return
        # Nobody else has seen them yet: they can be leased as they are inserted, and be sent from here.
        room = self._mailer.room()
        start_by = self._mailer.start_by()
        repository.insert(unit, drafts, room, self._mailer.lease)
        unit.after_commit(partial(self._mailer.send, [draft.leased() for draft in drafts[:room]], start_by))
        if room < len(drafts):
            unit.after_commit(self._mailer.left)


def drafted(message: Message) -> Draft:
    """The notification that tells of an event. Raises InvalidMessage for a type or data it does not know."""
    kind = KINDS.get(message.type)
    if kind is None:
        raise InvalidMessage(f"type {message.type} is not known to notification; update it, then replay the message")
    order = read_order(message)
    words = render.words(kind, order)
    return Draft(
        id=new_id(),
        order_id=order.id,
        kind=kind,
        customer_id=order.customer_id,
        recipient=order.contact.email,
        recipient_name=order.contact.name,
        subject=words.subject,
        body=words.text,
        event=message,
        order=order,
    )
