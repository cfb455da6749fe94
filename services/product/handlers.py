"""Stock commands in: one transaction a batch, decided order by order."""

from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.unit import Unit
from services.product import stock_repository
from services.product.messages import command_of, reply_of
from services.product.stock import NoReservationError


class Handlers:
    """Handles batches of `product.commands`; `currency` is the installation's."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def on_commands(self, unit: Unit, messages: list[Message]) -> None:
        """Raises InvalidMessage for a message that cannot be read, or that commits what was never reserved."""
        commands = [(command_of(message), message) for message in messages]
        wait = max(message.waited() for message in messages)
        stored = stock_repository.load(unit, [command for command, _ in commands], self._currency)
        for command, message in commands:
            try:
                answer = stored.room.decide(command)
            except NoReservationError as error:
                raise InvalidMessage(str(error)) from None
            if answer is not None:
                unit.publish(reply_of(answer, message.trace, wait))
        stock_repository.store(unit, stored)
