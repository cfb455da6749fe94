"""The messages the order service writes and reads: their types, topics and data."""

from typing import Any, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.chassis.messaging.messages import InvalidMessage, Message
from services.order import saga
from services.order.saga import Command, Line, Order, Reason, Step
from services.order.schemas import shown

EVENTS = "order.events"
REPLIES = "order.replies"
PRODUCT_COMMANDS = "product.commands"
PAYMENT_COMMANDS = "payment.commands"

_TOPIC = {
    Command.RESERVE: PRODUCT_COMMANDS,
    Command.COMMIT: PRODUCT_COMMANDS,
    Command.RELEASE: PRODUCT_COMMANDS,
    Command.AUTHORIZE: PAYMENT_COMMANDS,
    Command.CAPTURE: PAYMENT_COMMANDS,
    Command.REVERSE: PAYMENT_COMMANDS,
}

URGENT = frozenset(
    f"mercato.{_TOPIC[command].partition('.')[0]}.{command}.v1"
    for command in (Command.RESERVE, Command.AUTHORIZE, Command.CAPTURE)
)
"""Types of messages that a customer waits for. All others may gather for a moment."""


def messages_of(before: Order, step: Step, trace: str | None) -> list[Message]:
    """What a step sends: its event for the public, and its commands."""
    order = step.order
    key = str(order.id)
    sent = [_command(before, order, command, trace) for command in step.commands]
    if step.published:
        data = cast(dict[str, Any], shown(order))
        sent.insert(0, Message(EVENTS, key, f"mercato.order.{step.event}.v1", data, trace=trace))
    return sent


def _command(before: Order, order: Order, command: Command, trace: str | None) -> Message:
    key = str(order.id)
    topic = _TOPIC[command]
    data: dict[str, Any] = {"order_id": key}
    if command is Command.RESERVE:
        data["lines"] = [{"product_id": str(line.product_id), "quantity": line.quantity} for line in order.lines]
        data["expected_total"] = _money(order.expected_total, order.currency)
    elif command is Command.AUTHORIZE:
        data["customer_id"] = order.customer_id
        data["amount"] = _money(order.total, order.currency)
        data["token"] = before.payment_token
    partner = topic.partition(".")[0]
    return Message(topic, key, f"mercato.{partner}.{command}.v1", data, trace=trace)


def _money(amount: int | None, currency: str) -> dict[str, Any] | None:
    return None if amount is None else {"amount": amount, "currency": currency}


# -- replies ----------------------------------------------------------------------------------------------------------


class Reply(BaseModel):
    """Fields we do not know are left alone, so that a partner may add some."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    order_id: UUID


class _Money(BaseModel):
    amount: int = Field(ge=0)
    currency: str


class _Line(BaseModel):
    product_id: UUID
    sku: str
    name: str
    quantity: int = Field(ge=1)
    unit_price: _Money


class ReservedReply(Reply):
    lines: list[_Line]
    total: _Money

    def read(self) -> saga.Input:
        lines = (
            Line(line.product_id, line.quantity, line.sku, line.name, line.unit_price.amount) for line in self.lines
        )
        return saga.Reserved(tuple(lines), self.total.amount)


class RefusedReply(Reply):
    reason: Literal["unknown_product", "out_of_stock", "price_changed"]
    detail: str

    def read(self) -> saga.Input:
        return saga.StockRefused(Reason(self.reason), self.detail)


class AuthorizedReply(Reply):
    def read(self) -> saga.Input:
        return saga.Authorized()


class DeclinedReply(Reply):
    reason: Literal["payment_declined", "payment_action_required"]
    detail: str

    def read(self) -> saga.Input:
        return saga.Declined(Reason(self.reason), self.detail)


class CapturedReply(Reply):
    amount: _Money

    def read(self) -> saga.Input:
        return saga.Captured(self.amount.amount)


class CaptureFailedReply(Reply):
    detail: str

    def read(self) -> saga.Input:
        return saga.CaptureFailed(self.detail)


class ReversedReply(Reply):
    outcome: Literal["voided", "refunded", "none"]

    def read(self) -> saga.Input:
        return saga.Reversed(self.outcome == "refunded")


_Known = (
    ReservedReply | RefusedReply | AuthorizedReply | DeclinedReply | CapturedReply | CaptureFailedReply | ReversedReply
)

REPLY_MODELS: dict[str, type[_Known]] = {
    "mercato.product.reserved.v1": ReservedReply,
    "mercato.product.refused.v1": RefusedReply,
    "mercato.payment.authorized.v1": AuthorizedReply,
    "mercato.payment.declined.v1": DeclinedReply,
    "mercato.payment.captured.v1": CapturedReply,
    "mercato.payment.capture_failed.v1": CaptureFailedReply,
    "mercato.payment.reversed.v1": ReversedReply,
}


def read_reply(message: Message) -> tuple[UUID, saga.Input]:
    """The order a reply speaks of, and what it says. Raises InvalidMessage."""
    model = REPLY_MODELS.get(message.type)
    if model is None:
        raise InvalidMessage(f"type {message.type} is no reply the order service knows")
    try:
        reply = model.model_validate(message.data)
    except ValidationError as error:
        faults = ", ".join("/".join(map(str, fault["loc"])) or "/" for fault in error.errors(include_input=False))
        raise InvalidMessage(f"{message.type} has invalid fields: {faults}") from None
    return reply.order_id, reply.read()
