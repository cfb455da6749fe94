"""Stock commands in: one transaction a batch, decided order by order while the stock is locked."""

from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.storage.database import Transaction
from services.product import stock_repository
from services.product.events import command_of, reply_of
from services.product.stock import NoReservationError


class StockHandler:
    """Handles batches of `product.commands`; `currency` is the installation's."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    async def handle(self, tx: Transaction, messages: list[Message]) -> None:
        """Raises InvalidMessage for a message that cannot be read, or that commits what was never reserved."""
        commands = [(command_of(message), message) for message in messages]
        room = await stock_repository.load(tx.connection, [command for command, _ in commands], self._currency)
        for command, message in commands:
            try:
                answer = room.decide(command)
            except NoReservationError as error:
                raise InvalidMessage(str(error)) from None
            if answer is not None:
                tx.publish(reply_of(answer, message.trace))
        await stock_repository.store(tx.connection, room)
