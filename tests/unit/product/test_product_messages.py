"""The product service's messages as they are on the wire."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from services.chassis.messaging.messages import InvalidMessage, Message
from services.product.messages import command_of, reply_of
from services.product.stock import Commit, Line, Money, Reason, Release, Reservation, Reserve, State

ORDER, MUG = UUID(int=7), UUID(int=1)
RESERVE = "mercato.product.reserve.v1"


def message(kind: str, **data: Any) -> Message:
    return Message("product.commands", str(ORDER), kind, {"order_id": str(ORDER), **data})


def test_commands_are_read() -> None:
    lines = [{"product_id": str(MUG), "quantity": 2}]
    assert command_of(message(RESERVE, lines=lines)) == Reserve(ORDER, ((MUG, 2),))
    expected = {"amount": 5, "currency": "EUR"}
    assert command_of(message(RESERVE, lines=lines, expected_total=expected, added_later=1)) == Reserve(
        ORDER, ((MUG, 2),), Money(5, "EUR")
    )
    assert command_of(message("mercato.product.commit.v1")) == Commit(ORDER)
    assert command_of(message("mercato.product.release.v1")) == Release(ORDER)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (message("mercato.product.burn.v1"), "not a command"),
        (message(RESERVE), "at lines"),
        (message(RESERVE, lines=[]), "at lines"),
        (message(RESERVE, lines=[{"product_id": "secret-text", "quantity": 1}]), "at lines/0/product_id"),
        (message(RESERVE, lines=[{"product_id": str(MUG), "quantity": 0}]), "at lines/0/quantity"),
        (Message("product.commands", "another", "mercato.product.commit.v1", {"order_id": str(ORDER)}), "key"),
    ],
)
def test_what_cannot_be_read_says_where_and_quotes_nothing(bad: Message, reason: str) -> None:
    with pytest.raises(InvalidMessage, match=reason) as caught:
        command_of(bad)
    assert "secret-text" not in str(caught.value)


def test_replies_carry_the_orders_key_and_the_commands_trace() -> None:
    line = Line(MUG, "KIT-1", "Mug", 2, Money(150, "EUR"))
    trace = f"00-{1:032x}-{1:016x}-01"
    reply = reply_of(Reservation(ORDER, State.RESERVED, (line,), Money(300, "EUR")), trace)
    assert (reply.topic, reply.key, reply.type, reply.trace) == (
        "order.replies",
        str(ORDER),
        "mercato.product.reserved.v1",
        trace,
    )
    assert orjson.loads(reply.payload()) == {
        "order_id": str(ORDER),
        "lines": [
            {
                "product_id": str(MUG),
                "sku": "KIT-1",
                "name": "Mug",
                "quantity": 2,
                "unit_price": {"amount": 150, "currency": "EUR"},
            }
        ],
        "total": {"amount": 300, "currency": "EUR"},
    }


def test_a_refusal_names_reason_and_detail() -> None:
    refused = Reservation(ORDER, State.REFUSED, reason=Reason.OUT_OF_STOCK, detail="none left")
    reply = reply_of(refused, None)
    assert reply.type == "mercato.product.refused.v1"
    assert orjson.loads(reply.payload()) == {
        "order_id": str(ORDER),
        "reason": "out_of_stock",
        "detail": "none left",
    }
