"""When the next provider call of a payment is made, and by whom."""

from dataclasses import dataclass
from uuid import UUID

from services.chassis.retry import Backoff
from services.chassis.runtime.ids import new_id
from services.payment import intents
from services.payment.intents import Call, Payment
from services.payment.repository import Row
from services.payment.settings import PaymentSettings


@dataclass(frozen=True, slots=True)
class Job:
    """A call to make now, and the claim under which its answer will be accepted."""

    claim: UUID
    call: Call


def start(payment: Payment, settings: PaymentSettings, *, room: bool) -> tuple[Row, Job | None]:
    """The row with the intent to call, and the call; without room the row is due and waits for whoever has some."""
    call = intents.next_call(payment)
    if call is None:
        return Row(payment), None
    if not room:
        return Row(payment, None, 0.0), None
    claim = new_id()
    return Row(intents.begin(call), claim, settings.lease_seconds), Job(claim, call)


def later(payment: Payment, settings: PaymentSettings) -> Row:
    """The row, due after a pause that grows with each answer that told nothing."""
    backoff = Backoff(settings.backoff_first_seconds, settings.backoff_longest_seconds)
    return Row(payment, None, backoff.after(payment.waits))


def must_wait(before: Call, after: Payment) -> bool:
    """Whether asking on at once would only repeat a question that has just told nothing."""
    following = intents.next_call(after)
    if following is None or after.waits <= before.payment.waits:
        return False
    return not following.changes or before.changes
