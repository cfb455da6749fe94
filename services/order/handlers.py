"""What the order service does when something happens: lock, let the saga decide, save, publish; one transaction."""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from services.chassis.http import idempotency
from services.chassis.http.idempotency import FirstAnswer, Key
from services.chassis.http.problems import Conflict, NotFound
from services.chassis.http.tokens import Caller
from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.observability import metrics, telemetry
from services.chassis.storage.database import Database, Transaction
from services.order import repository, saga
from services.order.messages import messages_of, read_reply
from services.order.saga import Cancel, DeadlineMet, Ignored, Impossible, Input, NotCancellable, Order, Status, Step
from services.order.settings import OrderSettings

log = logging.getLogger(__name__)

DUE_BATCH = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """`first` is the answer given before under the same key, if there was one."""

    order: Order
    first: FirstAnswer | None


class Handlers:
    """The use cases."""

    def __init__(self, settings: OrderSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def place(self, order: Order, key: Key, location: str) -> Placed:
        """Stores a new order and starts its saga, unless its key was used before."""
        step = saga.place(order, self._settings.policy)
        async with self._database.transaction() as unit:
            first = await idempotency.claim(unit.connection, key, 202, location)
            if first is not None:
                found = await repository.find(unit.connection, UUID(first.location.rpartition("/")[2]))
                if found is None:
                    raise NotFound("The order first placed under this key is gone.")
                return Placed(found, first)
            await repository.insert(unit.connection, step)
            unit.publish(*messages_of(order, step, telemetry.current_traceparent()))
        _count(step)
        return Placed(step.order, None)

    async def cancel(self, order_id: UUID, caller: Caller, reason: str | None) -> Order:
        """Ends an order that may still be ended. Raises NotFound, Conflict."""
        async with self._database.transaction() as unit:
            order = (await repository.lock(unit.connection, [order_id])).get(order_id)
            if order is None or not may_see(caller, order):
                raise NotFound("There is no order with this id.")
            try:
                step = saga.decide(order, Cancel(reason), datetime.now(UTC), self._settings.policy)
            except NotCancellable:
                raise Conflict(f"The order is {order.status} and can no longer be cancelled.") from None
            if isinstance(step, Ignored):
                return order
            await self._take(unit, [(order, step, telemetry.current_traceparent())])
        return step.order

    async def on_replies(self, unit: Transaction, messages: list[Message]) -> None:
        """A batch of replies: each order's in their order, all orders locked once and written back once."""
        replies: dict[UUID, list[tuple[Message, Input]]] = defaultdict(list)
        for message in messages:
            order_id, reply = read_reply(message)
            replies[order_id].append((message, reply))
        orders = await repository.lock(unit.connection, replies)
        taken: list[tuple[Order, Step, str | None]] = []
        for order_id, told in replies.items():
            order = orders.get(order_id)
            if order is None:
                raise InvalidMessage(f"{told[0][0].type} speaks of an order that does not exist")
            for message, reply in told:
                step = self._decide(order, reply, message.type)
                if step is not None:
                    taken.append((order, step, message.trace))
                    order = step.order
        await self._take(unit, taken)

    async def end_overdue(self) -> None:
        """Applies all deadlines that have passed, a batch a transaction."""
        while await self._end_some_overdue() == DUE_BATCH:
            pass

    async def _end_some_overdue(self) -> int:
        now = datetime.now(UTC)
        async with self._database.transaction() as unit:
            due = await repository.lock_due(unit.connection, now, DUE_BATCH)
            taken: list[tuple[Order, Step, str | None]] = []
            for order in due:
                step = saga.decide(order, DeadlineMet(), now, self._settings.policy)
                if isinstance(step, Step):
                    taken.append((order, step, telemetry.current_traceparent()))
            await self._take(unit, taken)
        return len(due)

    def _decide(self, order: Order, reply: Input, kind: str) -> Step | None:
        try:
            step = saga.decide(order, reply, datetime.now(UTC), self._settings.policy)
        except Impossible as error:
            raise InvalidMessage(str(error)) from None
        if isinstance(step, Ignored):
            metrics.SAGA_IGNORED.labels(kind, order.status.value).inc()
            return None
        return step

    @staticmethod
    async def _take(unit: Transaction, taken: list[tuple[Order, Step, str | None]]) -> None:
        if taken:
            await repository.save(unit.connection, [step for _, step, _ in taken])
            for before, step, trace in taken:
                unit.publish(*messages_of(before, step, trace))
                unit.after_commit(partial(_count, step))


def may_see(caller: Caller, order: Order) -> bool:
    """An order shows itself to its customer and to the shop's staff."""
    return caller.is_admin or order.customer_id == caller.subject


def _count(step: Step) -> None:
    if not step.published:
        return
    order = step.order
    metrics.ORDER_TRANSITIONS.labels(order.status.value, order.reason.value if order.reason else "").inc()
    if order.status is Status.CONFIRMED:
        metrics.ORDER_CONFIRM_SECONDS.observe((order.updated_at - order.created_at).total_seconds())
