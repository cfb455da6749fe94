"""One message of each type, made by the code that writes it, from one made-up order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from services.chassis.messaging.messages import Message
from services.notification.kinds import KINDS
from services.notification.messages import Order as ToldOrder
from services.order import messages as order_messages
from services.order import saga
from services.order.saga import Line, Order, Payment, Policy, Status
from services.payment import intents
from services.payment import messages as payment_messages
from services.payment.intents import Reply
from services.product import messages as product_messages
from services.product import stock
from services.product.stock import Reason, Reservation, State

ORDER_ID = UUID("01920000-0000-7000-8000-000000000001")
PRODUCT_ID = UUID("01920000-0000-7000-8000-000000000002")
MESSAGE_ID = "01920000-0000-7000-8000-000000000003"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

READERS: dict[str, type[BaseModel]] = {
    "mercato.product.reserve.v1": product_messages.ReserveData,
    "mercato.product.commit.v1": product_messages.CommitData,
    "mercato.product.release.v1": product_messages.ReleaseData,
    payment_messages.AUTHORIZE: payment_messages.AuthorizeData,
    payment_messages.CAPTURE: payment_messages.OrderData,
    payment_messages.REVERSE: payment_messages.OrderData,
    **order_messages.REPLY_MODELS,
    **dict.fromkeys(KINDS, ToldOrder),
}

MEANINGS = {
    "mercato.product.reserve.v1": "Take the lines from stock and fix their prices: all or nothing.",
    "mercato.product.commit.v1": "What is reserved is sold.",
    "mercato.product.release.v1": "Give back what is reserved or sold; before the reserve it leaves a tombstone.",
    "mercato.payment.authorize.v1": "Hold the amount. The token is in this message and no other.",
    "mercato.payment.capture.v1": "Take what is held.",
    "mercato.payment.reverse.v1": "Void or refund whatever there is, now or when it comes to light.",
    "mercato.product.reserved.v1": "The stock is held; names, prices and total are fixed.",
    "mercato.product.refused.v1": "Nothing was taken. `reason`: `unknown_product`, `out_of_stock`, `price_changed`.",
    "mercato.payment.authorized.v1": "The money is held.",
    "mercato.payment.declined.v1": "Nothing is held. `reason`: `payment_declined`, `payment_action_required`.",
    "mercato.payment.captured.v1": "The capture is recorded.",
    "mercato.payment.capture_failed.v1": "The capture failed for good; payment gives back what is held by itself.",
    "mercato.payment.reversed.v1": "It is undone. `outcome`: `voided`, `refunded`, or `none` when there was nothing.",
    "mercato.order.created.v1": "The order is stored. The data of all events is the order as the API returns it.",
    "mercato.order.reserved.v1": "Stock is reserved; prices and total are fixed.",
    "mercato.order.authorized.v1": "The money is held, and capture is asked for.",
    "mercato.order.confirmed.v1": "Payment has recorded the capture. Sent to the customer.",
    "mercato.order.rejected.v1": "The order ended, for `reason`. Sent to the customer.",
    "mercato.order.cancelled.v1": "The order was cancelled. Sent to the customer.",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A message, and what the reference says of it."""

    message: Message

    @property
    def meaning(self) -> str:
        return MEANINGS[self.message.type]

    @property
    def required(self) -> list[str]:
        """Fields without which its reader sends the message to the dead letters."""
        reader = READERS.get(self.message.type)
        return [name for name, field in reader.model_fields.items() if field.is_required()] if reader else []

    @property
    def json(self) -> str:
        return json.dumps(orjson.loads(self.message.payload()), indent=2, ensure_ascii=False)

    @property
    def headers(self) -> dict[str, str]:
        return {**self.message.headers("order"), "ce_time": "2026-01-02T03:04:05.000Z"}


def _new() -> Order:
    address = {"name": "Ada Lovelace", "line1": "12 St James's Square", "line2": None, "city": "London"}
    return Order(
        id=ORDER_ID,
        customer_id="01920000-0000-7000-8000-000000000004",
        contact_name="Ada Lovelace",
        contact_email="ada@shop.test",
        status=Status.PENDING,
        reason=None,
        version=1,
        lines=(Line(PRODUCT_ID, 2),),
        total=None,
        currency="EUR",
        expected_total=None,
        shipping_address={**address, "region": None, "postal_code": "SW1Y 4JH", "country": "GB"},
        payment=Payment.NONE,
        payment_token="pm_card_visa",  # noqa: S106 - a test token
        created_at=NOW,
        updated_at=NOW,
        deadline_at=None,
    )


def _of_order() -> Iterator[Message]:
    """The life of one order, and the two other ends."""
    policy = Policy()
    lines = (Line(PRODUCT_ID, 2, "LGT-001", "Arc Desk Lamp", 8900),)
    happenings: list[saga.Input] = [saga.Reserved(lines, 17800), saga.Authorized(), saga.Captured(17800)]
    step = saga.place(_new(), policy)
    yield from order_messages.messages_of(step.order, step, TRACE)
    for number, happened in enumerate(happenings, start=1):
        before = step.order
        following = saga.decide(before, happened, NOW + timedelta(milliseconds=100 * number), policy)
        if not isinstance(following, saga.Step):
            raise TypeError(following)
        step = following
        yield from order_messages.messages_of(before, step, TRACE)
        if isinstance(happened, saga.Reserved):
            declined = saga.Declined(saga.Reason.PAYMENT_DECLINED, "the card was declined (generic_decline)")
            yield from _end(step.order, declined, policy)
    yield from _end(step.order, saga.Cancel("Ordered twice"), policy)


def _end(order: Order, happened: saga.Input, policy: Policy) -> Iterator[Message]:
    step = saga.decide(order, happened, NOW + timedelta(seconds=1), policy)
    if not isinstance(step, saga.Step):
        raise TypeError(step)
    yield from order_messages.messages_of(order, step, TRACE)


def _of_product() -> Iterator[Message]:
    price, total = stock.Money(8900, "EUR"), stock.Money(17800, "EUR")
    line = stock.Line(PRODUCT_ID, "LGT-001", "Arc Desk Lamp", 2, price)
    yield product_messages.reply_of(Reservation(ORDER_ID, State.RESERVED, (line,), total), TRACE)
    detail = "2 of Arc Desk Lamp (LGT-001) were ordered, 1 are left."
    refused = Reservation(ORDER_ID, State.REFUSED, reason=Reason.OUT_OF_STOCK, detail=detail)
    yield product_messages.reply_of(refused, TRACE)


def _of_payment() -> Iterator[Message]:
    payment = intents.Payment(ORDER_ID, amount=17800, currency="EUR", captured=17800, trace=TRACE)
    for reply in (
        Reply("authorized"),
        Reply("declined", reason="payment_declined", detail="the card was declined (generic_decline)"),
        Reply("captured"),
        Reply("capture_failed", detail="the provider refused (charge_expired_for_capture)"),
        Reply("reversed", outcome="refunded"),
    ):
        yield payment_messages.reply_of(payment, reply)


def _all() -> list[Example]:
    """By topic, each type once."""
    order: dict[str, Any] = {"product.commands": [], "payment.commands": [], "order.replies": [], "order.events": []}
    seen: set[str] = set()
    for message in (*_of_order(), *_of_product(), *_of_payment()):
        if message.type not in seen:
            seen.add(message.type)
            order[message.topic].append(Example(replace(message, id=MESSAGE_ID)))
    return [example for examples in order.values() for example in examples]


EXAMPLES = _all()
