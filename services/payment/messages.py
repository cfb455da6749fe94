"""The messages payment reads and writes. Key of each is the order's id; amounts are integer minor units."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.chassis.messaging.messages import InvalidMessage, Message
from services.payment import intents
from services.payment.intents import Change, Payment, Reply

COMMANDS_TOPIC = "payment.commands"
REPLIES_TOPIC = "order.replies"
AUTHORIZE = "mercato.payment.authorize.v1"
CAPTURE = "mercato.payment.capture.v1"
REVERSE = "mercato.payment.reverse.v1"
URGENT = frozenset(f"mercato.payment.{kind}.v1" for kind in ("authorized", "declined", "captured", "capture_failed"))
"""Types of messages that a customer waits for."""

_Uuid = Annotated[UUID, BeforeValidator(lambda value: UUID(value) if isinstance(value, str) else value)]


class _Data(BaseModel):
    # A field that a newer order service adds must not stop an older payment service.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


class MoneyData(_Data):
    amount: int = Field(ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class AuthorizeData(_Data):
    order_id: _Uuid
    customer_id: str
    amount: MoneyData
    token: str = Field(repr=False, min_length=1)


class OrderData(_Data):
    """What capture and reverse carry."""

    order_id: _Uuid


Command = Callable[[Payment | None], Change]


def command_of(message: Message) -> tuple[UUID, Command]:
    """The order and what is to happen to its payment. Raises InvalidMessage, without repeating the content."""
    try:
        if message.type == AUTHORIZE:
            asked = AuthorizeData.model_validate(message.data)
            payment = Payment(
                order_id=asked.order_id,
                customer_id=asked.customer_id,
                amount=asked.amount.amount,
                currency=asked.amount.currency,
                token=asked.token,
            )
            return asked.order_id, lambda existing: intents.authorize(existing, payment)
        order_id = OrderData.model_validate(message.data).order_id
    except (ValidationError, ValueError) as error:
        raise InvalidMessage(f"{message.type}: {_faults(error)}") from None
    if message.type == CAPTURE:
        return order_id, lambda existing: intents.capture(existing, order_id)
    if message.type == REVERSE:
        return order_id, lambda existing: intents.reverse(existing, order_id)
    raise InvalidMessage(f"{message.type} is not a payment command")


def reply_of(payment: Payment, reply: Reply, wait: float = 0.0) -> Message:
    """What goes to the order; `wait`: for how many seconds work waits here."""
    data: dict[str, Any] = {"order_id": str(payment.order_id)}
    for name in ("reason", "detail", "outcome"):
        value = getattr(reply, name)
        if value is not None:
            data[name] = value
    if reply.kind == "captured":
        data["amount"] = {"amount": payment.captured, "currency": payment.currency}
    kind = f"mercato.payment.{reply.kind}.v1"
    return Message(REPLIES_TOPIC, str(payment.order_id), kind, data, trace=payment.trace, wait=wait)


def _faults(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return "a field is invalid"
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'/'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in found)
