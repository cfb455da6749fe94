"""The messages this service reads."""

from typing import Final

from pydantic import ValidationError

from loyalty.points import Order
from services.chassis.messaging.messages import InvalidMessage, Message

TOPIC: Final = "order.events"


def order_of(message: Message) -> Order:
    """Raises InvalidMessage with the fields that are wrong, never with their values."""
    try:
        return Order.model_validate(message.data)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)[:5])
        raise InvalidMessage(f"not an order: {'; '.join(faults)}") from None
