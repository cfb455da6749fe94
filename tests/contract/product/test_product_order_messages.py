"""Order and product each have models of their own for the messages between them: they must agree on the wire."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from services.chassis.messaging.messages import Message
from services.order import messages as order_messages
from services.order import saga
from services.product import messages as product_messages
from services.product.stock import Commit, Level, Money, Product, Release, Reserve, Stockroom

ORDER, MUG = UUID(int=7), UUID(int=1)


def placed(expected_total: int | None = None) -> saga.Order:
    now = datetime.now(UTC)
    return saga.Order(
        id=ORDER,
        customer_id="customer-1",
        contact_name="Ada",
        contact_email="ada@example.com",
        status=saga.Status.PENDING,
        reason=None,
        version=1,
        lines=(saga.Line(MUG, 2),),
        total=None,
        currency="EUR",
        expected_total=expected_total,
        shipping_address={},
        payment=saga.Payment.NONE,
        payment_token=None,
        created_at=now,
        updated_at=now,
        deadline_at=None,
    )


def sent(order: saga.Order, command: saga.Command) -> Message:
    """The command as the order service sends it, brought to the wire and back."""
    step = saga.Step(order, "any", "", (command,), published=False)
    (message,) = order_messages.messages_of(order, step, None)
    return over_the_wire(message)


def over_the_wire(message: Message) -> Message:
    key, value = message.key.encode(), message.payload()
    assert isinstance(orjson.loads(value), dict)
    return Message.parse(message.topic, key, value, message.headers("test"))


@pytest.mark.parametrize("expected", [None, 3000])
def test_product_reads_the_commands_of_order(expected: int | None) -> None:
    order = placed(expected)
    total = None if expected is None else Money(expected, "EUR")
    reserve = sent(order, saga.Command.RESERVE)
    assert reserve.topic == product_messages.COMMANDS_TOPIC
    assert product_messages.command_of(reserve) == Reserve(ORDER, ((MUG, 2),), total)
    assert product_messages.command_of(sent(order, saga.Command.COMMIT)) == Commit(ORDER)
    assert product_messages.command_of(sent(order, saga.Command.RELEASE)) == Release(ORDER)


@pytest.mark.parametrize(
    ("on_hand", "expected", "answer"),
    [
        (5, None, saga.Reserved((saga.Line(MUG, 2, "KIT-1", "Mug", 1500),), 3000)),
        (1, None, saga.Reason.OUT_OF_STOCK),
        (5, 2999, saga.Reason.PRICE_CHANGED),
        (None, None, saga.Reason.UNKNOWN_PRODUCT),
    ],
)
def test_order_reads_the_replies_of_product(
    on_hand: int | None, expected: int | None, answer: saga.Reserved | saga.Reason
) -> None:
    known = {} if on_hand is None else {MUG: Product(MUG, "KIT-1", "Mug", Money(1500, "EUR"))}
    room = Stockroom("EUR", known, {MUG: Level(on_hand or 0)}, {})
    decided = room.decide(product_messages.command_of(sent(placed(expected), saga.Command.RESERVE)))
    assert decided is not None
    reply = over_the_wire(product_messages.reply_of(decided, None))
    assert reply.topic == order_messages.REPLIES
    order_id, said = order_messages.read_reply(reply)
    assert order_id == ORDER
    if isinstance(answer, saga.Reserved):
        assert said == answer
    else:
        assert isinstance(said, saga.StockRefused)
        assert said.reason is answer
