"""The life of one order's payment, pure: (payment, command) → payment', its next call, (payment, answer) → payment'.

What the order wants is the *goal*; what is known of the provider's side is the *status*. `next_call` asks for the one
call that brings the status nearer to the goal, `record` takes in what came back, and whoever reaches the goal replies.
An answer that did not come is never guessed. The money is held in two steps, so that it can be asked for by name:

    NEW ──create──> UNCONFIRMED ──confirm──> AUTHORIZED ──capture──> CAPTURED ──refund──> REFUNDED
    │ ^│             ^        │ └──────────> DECLINED │
    │ └┘ lost or     │        └───────cancel──────────┴───────> VOIDED
    │    failed      │ found unconfirmed
    └─> REFUSED      └──look-up── UNANSWERED (confirm, capture, cancel or refund is out, or its answer is lost)
    reversed                      FAILED     (answered by an error that the provider keeps under the key)
                                             …and any other state the look-up finds

- A payment that is created and not confirmed holds nothing, so a create may be repeated: under the same key while its
  answer is lost, under a new one when the provider keeps an error under it. Only the one whose id is committed in our
  row is ever confirmed: an order cannot have two holds. One that nobody knows of stays unconfirmed for good.
- Every later call names that id. Whatever became of it, a look-up by the id tells; a lost confirm may yet arrive, but
  the same one cannot take effect twice, nor at all once the payment is cancelled. So a reversal cancels at once.

Rows of the former scheme, which created and confirmed in one call and knew no id until it was answered, are FORMER: the
provider's list gives the id. When it has none, the call may yet arrive (FORMER_MISSING) and is asked again under the
same key; after a kept error (FORMER_FAILED) nothing can arrive any more, and the payment is NEW.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from services.payment import answers
from services.payment.answers import Answer

DECLINED = "payment_declined"


class Goal(StrEnum):
    """What the order wants: to hold the money, to take it, to give it back unasked (capture failed), or as asked."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    GIVE_BACK = "give_back"
    REVERSE = "reverse"


class Status(StrEnum):
    """What is known of the provider's side."""

    NEW = "new"  # nothing is held, and nothing that could hold is on its way
    UNCONFIRMED = "unconfirmed"  # it is there and holds nothing; a confirm may be on its way
    UNANSWERED = "unanswered"  # a call by its id is out, or the answer is lost
    FAILED = "failed"  # answered by an error: it may have taken effect; its key is used up
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    VOIDED = "voided"
    DECLINED = "declined"
    REFUSED = "refused"  # reversed before anything could be held; also the tombstone
    FORMER = "former"  # created and confirmed by one call, which is out, or its answer is lost
    FORMER_MISSING = "former_missing"  # the list did not show it, but the call may still arrive
    FORMER_FAILED = "former_failed"  # that call was answered by an error


class Operation(StrEnum):
    """`authorize` (create and confirm) and `find` are for rows of the former scheme only."""

    CREATE = "create"
    CONFIRM = "confirm"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    LOOK_UP = "look_up"
    AUTHORIZE = "authorize"
    FIND = "find"


@dataclass(frozen=True, slots=True)
class Payment:
    """One row. Amounts are in minor units; `attempt` counts idempotency keys, `waits` the answers that told nothing.

    `token` is there until the authorization has ended, and is never printed.
    """

    order_id: UUID
    customer_id: str = ""
    amount: int = 0
    currency: str = ""
    goal: Goal = Goal.AUTHORIZE
    status: Status = Status.NEW
    attempt: int = 1
    provider_id: str | None = None
    captured: int = 0
    refunded: int = 0
    waits: int = 0
    trace: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Payment({self.order_id}, {self.goal}, {self.status}, {self.amount} {self.currency})"


@dataclass(frozen=True, slots=True)
class Call:
    """One provider call. `payment` is as before the call: what it returns to when the call is not carried out."""

    operation: Operation
    payment: Payment

    @property
    def key(self) -> str:
        """The idempotency key: the same call asked again has the same."""
        return f"{self.payment.order_id}:{self.operation}:{self.payment.attempt}"

    @property
    def changes(self) -> bool:
        """Whether it can change anything at the provider."""
        return self.operation not in (Operation.LOOK_UP, Operation.FIND)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the order is told; `kind` is the last part of the message's type, e.g. `authorized`."""

    kind: str
    reason: str | None = None
    detail: str | None = None
    outcome: str | None = None


Change = tuple[Payment, list[Reply]]


# -- what the order asks ---------------------------------------------------------------------------------------------


def authorize(existing: Payment | None, asked: Payment) -> Change:
    """Start a payment. A duplicate, or one that comes after its own reversal (tombstone), changes nothing."""
    return (asked, []) if existing is None else (existing, [])


def capture(existing: Payment | None, order_id: UUID) -> Change:
    """Take the money. Ignored as a duplicate, and once a reversal is asked; of nothing there is nothing to take."""
    if existing is None:
        nothing = Payment(order_id, goal=Goal.CAPTURE, status=Status.REFUSED)
        return nothing, [Reply("capture_failed", detail="nothing was authorized for this order")]
    if existing.goal is not Goal.AUTHORIZE:
        return existing, []
    return _arrive(replace(existing, goal=Goal.CAPTURE, waits=0))


def reverse(existing: Payment | None, order_id: UUID) -> Change:
    """Undo whatever there is, or will turn out to be. What was not seen yet leaves a tombstone. Answered once."""
    if existing is None:
        return _arrive(Payment(order_id, goal=Goal.REVERSE, status=Status.REFUSED))
    if existing.goal is Goal.REVERSE:
        return existing, []
    return _arrive(replace(existing, goal=Goal.REVERSE, waits=0))


# -- what is asked of the provider -----------------------------------------------------------------------------------


def next_call(payment: Payment) -> Call | None:
    """The call to make now; None when the goal is reached or the order's word is awaited."""
    operation = _next_operation(payment)
    return Call(operation, payment) if operation else None


def _next_operation(payment: Payment) -> Operation | None:  # noqa: PLR0911 - one for each kind
    match payment.status:
        case Status.NEW:
            return Operation.CREATE
        case Status.FORMER_MISSING:
            return Operation.AUTHORIZE
        case Status.FORMER | Status.FORMER_FAILED:
            return Operation.FIND
        case Status.REFUSED if payment.provider_id:
            return Operation.VOID  # it holds nothing and never will; the provider's books are left tidy
    if payment.goal in (Goal.REVERSE, Goal.GIVE_BACK):
        return _undoing(payment)
    match payment.status:
        case Status.UNCONFIRMED:
            return Operation.CONFIRM
        case Status.UNANSWERED | Status.FAILED | Status.PROCESSING:
            return Operation.LOOK_UP
        case Status.AUTHORIZED if payment.goal is Goal.CAPTURE:
            return Operation.CAPTURE
    return None


def _undoing(payment: Payment) -> Operation | None:
    match payment.status:
        case Status.UNCONFIRMED | Status.AUTHORIZED | Status.PROCESSING:
            return Operation.VOID
        case Status.UNANSWERED if not payment.captured:
            return Operation.VOID  # whatever is out: after this it holds nothing, or was captured and says so
        case Status.UNANSWERED | Status.FAILED:
            return Operation.LOOK_UP
        case Status.CAPTURED:
            return Operation.REFUND
    return None


def begin(call: Call) -> Payment:
    """The payment with the intent to make `call`: commit it before calling, so that a crash is found and looked up."""
    if call.operation is Operation.AUTHORIZE:
        return replace(call.payment, status=Status.FORMER)
    if not call.changes or call.operation is Operation.CREATE or call.payment.status is Status.REFUSED:
        return call.payment
    return replace(call.payment, status=Status.UNANSWERED)


# -- what the provider answers ---------------------------------------------------------------------------------------


def record(payment: Payment, call: Call, answer: Answer) -> Change:  # noqa: PLR0911 - one for each kind
    """Take in the answer to `call`. `payment` is as it is now: its goal may have changed while the call was out."""
    if payment.status is Status.REFUSED:
        return _tidied(payment, call, answer), []
    match answer:
        case answers.Known():
            return _know(payment, call, answer)
        case answers.Absent() if call.operation is Operation.FIND:
            failed = payment.status is Status.FORMER_FAILED
            return _arrive(replace(payment, status=Status.NEW if failed else Status.FORMER_MISSING))
        case answers.NotCarriedOut():
            return _wait(payment, call.payment.status), []
        case answers.Rejected() if call.operation is Operation.CAPTURE:
            return _capture_failed(_key_used_up(payment), answer.detail)
        case answers.Rejected() | answers.ServerError() if call.changes:
            return _key_used_up(payment), []
    return _wait(payment, payment.status), []


def _wait(payment: Payment, status: Status) -> Payment:
    """Nothing new is known: ask again, later each time."""
    return replace(payment, status=status, waits=payment.waits + 1)


def _key_used_up(payment: Payment) -> Payment:
    """The provider keeps this answer under the key: look up what is there, and use another key next time."""
    status = {Status.NEW: Status.NEW, Status.FORMER: Status.FORMER_FAILED}.get(payment.status, Status.FAILED)
    return _wait(replace(payment, attempt=payment.attempt + 1), status)


def _know(payment: Payment, call: Call, answer: answers.Known) -> Change:  # noqa: PLR0911 - one for each kind
    known = replace(payment, provider_id=answer.provider_id or payment.provider_id)
    match answer:
        case answers.Unconfirmed() if call.operation is Operation.CREATE:
            return replace(known, status=Status.UNCONFIRMED, waits=0), []
        case answers.Unconfirmed() | answers.Processing():
            used = replace(known, attempt=known.attempt + 1) if call.changes else known
            is_processing = isinstance(answer, answers.Processing)
            return _wait(used, Status.PROCESSING if is_processing else Status.UNCONFIRMED), []
        case answers.Authorized():
            return _arrive(replace(known, status=Status.AUTHORIZED, waits=0))
        case answers.Captured():
            taken = replace(known, captured=answer.captured, refunded=answer.refunded)
            return _arrive(replace(taken, status=Status.CAPTURED, waits=0))
        case answers.Refunded():
            taken = replace(known, captured=answer.captured, refunded=answer.captured)
            return _arrive(replace(taken, status=Status.REFUNDED, waits=0))
        case answers.Declined():
            return _arrive(replace(known, status=Status.DECLINED, waits=0), answer.reason, answer.detail)
    return _arrive(replace(known, status=Status.VOIDED, waits=0))


def _tidied(payment: Payment, call: Call, answer: Answer) -> Payment:
    """The order had its answer. What a create still left behind is cancelled; what it may yet leave holds nothing."""
    match answer:
        case answers.Known() if call.operation is Operation.CREATE:
            return replace(payment, provider_id=answer.provider_id, waits=0)
        case _ if call.operation is Operation.CREATE:
            return payment
        case answers.Voided() | answers.Rejected():
            return replace(payment, status=Status.VOIDED)
        case answers.ServerError():
            return _wait(replace(payment, attempt=payment.attempt + 1), Status.REFUSED)
    return _wait(payment, Status.REFUSED)


def _capture_failed(payment: Payment, detail: str) -> Change:
    """Definitely not taken: say so, and give back what is held. A reversal asked meanwhile has its own answer."""
    if payment.goal is not Goal.CAPTURE:
        return payment, []
    return replace(payment, goal=Goal.GIVE_BACK), [Reply("capture_failed", detail=detail)]


# -- what the order is told ------------------------------------------------------------------------------------------

_OUTCOMES = {
    Status.REFUSED: "none",
    Status.DECLINED: "none",
    Status.VOIDED: "voided",
    Status.REFUNDED: "refunded",
}
_ENDED = frozenset({Status.DECLINED, Status.VOIDED, Status.REFUNDED, Status.REFUSED})
_AUTHORIZATION_ENDED = _ENDED | {Status.AUTHORIZED, Status.CAPTURED}


def _arrive(payment: Payment, reason: str = DECLINED, detail: str = "the authorization has ended") -> Change:
    """The payment in its new status, and the replies this earns. The token goes once the authorization has ended."""
    if payment.status is Status.NEW and payment.goal is Goal.REVERSE:
        payment = replace(payment, status=Status.REFUSED)
    if payment.status not in _AUTHORIZATION_ENDED:
        return payment, []
    undecided = payment.token is not None
    payment = replace(payment, token=None)
    match payment.goal:
        case Goal.REVERSE if payment.status in _ENDED:
            return payment, [Reply("reversed", outcome=_OUTCOMES[payment.status])]
        case Goal.AUTHORIZE | Goal.CAPTURE if undecided and payment.status in _ENDED:
            return payment, [Reply("declined", reason=reason, detail=detail)]
        case Goal.CAPTURE if payment.status in _ENDED:
            return payment, [Reply("capture_failed", detail=detail)]
    replies = []
    if undecided and payment.goal in (Goal.AUTHORIZE, Goal.CAPTURE):
        replies.append(Reply("authorized"))
    if payment.goal is Goal.CAPTURE and payment.status is Status.CAPTURED:
        replies.append(Reply("captured"))
    return payment, replies
