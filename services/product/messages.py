"""The messages this service reads and writes, and the one place where they become commands and replies.

Key of each is the order's id; amounts are integer minor units.
"""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.chassis.messaging.messages import InvalidMessage, Message
from services.product.stock import Command, Commit, Money, Release, Reservation, Reserve

COMMANDS_TOPIC = "product.commands"
REPLIES_TOPIC = "order.replies"

RESERVED = "mercato.product.reserved.v1"
REFUSED = "mercato.product.refused.v1"
URGENT = frozenset({RESERVED, REFUSED})
"""Types of messages that a customer waits for."""

_Uuid = Annotated[UUID, BeforeValidator(lambda value: UUID(value) if isinstance(value, str) else value)]


class _Data(BaseModel):
    # A field that a newer order service adds must not stop an older product service.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class MoneyData(_Data):
    amount: int
    currency: str

    def money(self) -> Money:
        return Money(self.amount, self.currency)


class LineData(_Data):
    product_id: _Uuid
    quantity: int = Field(ge=1)


class ReserveData(_Data):
    order_id: _Uuid
    lines: list[LineData] = Field(min_length=1)
    expected_total: MoneyData | None = None

    def command(self) -> Command:
        wanted = tuple((line.product_id, line.quantity) for line in self.lines)
        return Reserve(self.order_id, wanted, self.expected_total.money() if self.expected_total else None)


class CommitData(_Data):
    order_id: _Uuid

    def command(self) -> Command:
        return Commit(self.order_id)


class ReleaseData(_Data):
    order_id: _Uuid

    def command(self) -> Command:
        return Release(self.order_id)


_COMMANDS: dict[str, type[ReserveData | CommitData | ReleaseData]] = {
    "mercato.product.reserve.v1": ReserveData,
    "mercato.product.commit.v1": CommitData,
    "mercato.product.release.v1": ReleaseData,
}


def command_of(message: Message) -> Command:
    """What the message asks for. Raises InvalidMessage, which never quotes the data."""
    model = _COMMANDS.get(message.type)
    if model is None:
        raise InvalidMessage(f"type {message.type} is not a command of the product service")
    try:
        command = model.model_validate(message.data).command()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(map(str, first["loc"]))
        raise InvalidMessage(f"data of {message.type} is invalid at {where}: {first['msg']}") from None
    if str(command.order_id) != message.key:
        raise InvalidMessage(f"key of {message.type} is not its order_id")
    return command


def reply_of(reservation: Reservation, trace: str | None, wait: float = 0.0) -> Message:
    """The answer to a reserve command, sent under the trace of the command."""
    data: dict[str, Any] = {"order_id": reservation.order_id}
    if reservation.total is None:
        data |= {"reason": reservation.reason, "detail": reservation.detail}
        return Message(REPLIES_TOPIC, str(reservation.order_id), REFUSED, data, trace=trace, wait=wait)
    lines = [
        {
            "product_id": line.product_id,
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "unit_price": _money(line.unit_price),
        }
        for line in reservation.lines
    ]
    data |= {"lines": lines, "total": _money(reservation.total)}
    return Message(REPLIES_TOPIC, str(reservation.order_id), RESERVED, data, trace=trace, wait=wait)


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}
