"""A payment service under test: commands by hand instead of Kafka, and eyes on both databases."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID, uuid4

import psycopg

from services.chassis.http.app import application
from services.chassis.messaging.messages import Message
from services.chassis.messaging.units import Changes
from services.chassis.storage.database import Database
from services.payment.api import Webhooks
from services.payment.due import DueCalls
from services.payment.handlers import Handlers
from services.payment.heard import Heard
from services.payment.hints import Hints
from services.payment.messages import AUTHORIZE, CAPTURE, COMMANDS_TOPIC, REVERSE
from services.payment.settings import PaymentSettings

VISA = "pm_card_visa"
Start = Callable[..., Any]


@dataclass
class Service:
    """A payment service: its handlers, its caller, and eyes on both databases."""

    settings: PaymentSettings
    database: Database
    heard: Heard
    due: DueCalls
    hints: Hints
    commands: Changes
    handlers: Handlers
    payment_url: str
    ledger_url: str

    async def send(self, *messages: Message) -> None:
        await self.commands.do(lambda unit: self.handlers.on_commands(unit, list(messages)))

    def routes(self) -> list[Any]:
        return Webhooks(self.settings, self.heard, self.hints).routes()

    def application(self) -> Any:
        return application(self.settings, routes=self.routes())

    def replies(self, order_id: UUID) -> list[tuple[str, dict[str, Any]]]:
        """What the outbox holds for the order: (type without prefix, data)."""
        rows = _query(
            self.payment_url,
            "SELECT headers->>'ce_type', convert_from(payload, 'UTF8')::jsonb FROM outbox WHERE key = %s ORDER BY id",
            (str(order_id),),
        )
        return [(kind.split(".")[2], data) for kind, data in rows]

    def answered(self) -> set[UUID]:
        """The orders that got a reply."""
        return {UUID(key) for (key,) in _query(self.payment_url, "SELECT DISTINCT key FROM outbox", ())}

    def row(self, order_id: UUID) -> dict[str, Any]:
        return dict(
            _query(self.payment_url, "SELECT to_jsonb(p) FROM payment p WHERE order_id = %s", (order_id,))[0][0]
        )

    def entries(self, order_id: UUID) -> list[tuple[str, int]]:
        """Movements of the order's money in the simulator's ledger."""
        query = (
            "SELECT kind, e.amount FROM entry e JOIN payment_intent p ON p.id = payment_intent_id WHERE order_id = %s"
        )
        return [(kind, amount) for kind, amount in _query(self.ledger_url, query + " ORDER BY e.id", (str(order_id),))]

    def open_holds(self, order_id: UUID) -> list[int]:
        """How many holds the order had after each movement of its money, and before the first."""
        opens = {"authorize": 1, "capture": -1, "void": -1, "refund": 0}
        return list(accumulate((opens[kind] for kind, _ in self.entries(order_id)), initial=0))

    def unconfirmed(self, order_id: UUID) -> int:
        """How many of the order's payments at the provider wait to be confirmed."""
        query = "SELECT count(*) FROM payment_intent WHERE order_id = %s AND status = 'requires_confirmation'"
        return int(_query(self.ledger_url, query, (str(order_id),))[0][0])


def authorize(token: str = VISA, order_id: UUID | None = None) -> Message:
    order = str(order_id or uuid4())
    data = {
        "order_id": order,
        "customer_id": "customer-1",
        "amount": {"amount": 4200, "currency": "EUR"},
        "token": token,
    }
    return Message(COMMANDS_TOPIC, order, AUTHORIZE, data)


def capture(order_id: UUID) -> Message:
    return Message(COMMANDS_TOPIC, str(order_id), CAPTURE, {"order_id": str(order_id)})


def reverse(order_id: UUID) -> Message:
    return Message(COMMANDS_TOPIC, str(order_id), REVERSE, {"order_id": str(order_id)})


def _query(url: str, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()
