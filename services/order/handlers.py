"""What the order service does when something happens: read, let the saga decide, save, publish; one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from services.chassis.http.idempotency import Key
from services.chassis.http.problems import Conflict, NotFound
from services.chassis.http.tokens import Caller
from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.messaging import Messaging
from services.chassis.messaging.recent import Recent
from services.chassis.messaging.unit import Stale, Unit
from services.chassis.observability import telemetry
from services.order import metrics, repository, saga
from services.order.messages import messages_of, read_reply
from services.order.placing import Placed, Placement, place_all
from services.order.repository import Memory, Stored
from services.order.saga import Cancel, DeadlineMet, Ignored, Impossible, Input, NotCancellable, Order, Status, Step
from services.order.settings import OrderSettings

DUE_BATCH = 200

Taken = tuple[Order, Step, str | None]
"""The order before, the step, and the trace it belongs to."""


class Handlers:
    """The use cases; enter `resources` before they are called."""

    def __init__(self, settings: OrderSettings, messaging: Messaging) -> None:
        self._settings = settings
        self._memory: Memory = Recent()
        place = partial(place_all, memory=self._memory)
        self._placements = messaging.units("placements", place, apart=lambda placement: placement.name)
        self._changes = messaging.single_units("changes")

    @property
    def resources(self) -> Sequence[AbstractAsyncContextManager[object]]:
        """What does the work."""
        return self._placements, self._changes

    async def place(self, order: Order, key: Key, location: str) -> Placed:
        """Stores a new order and starts its saga, unless its key was used before. Raises InvalidFields, NotFound."""
        step = saga.place(order, self._settings.policy)
        placed = await self._placements.do(Placement(step, key, location, telemetry.current_traceparent()))
        if placed.first is None:
            _count(step)
        return placed

    async def cancel(self, order_id: UUID, caller: Caller, reason: str | None) -> Order:
        """Ends an order that may still be ended. Raises NotFound, Conflict."""
        trace = telemetry.current_traceparent()
        order: Order = await self._changes.do(partial(self._cancel, order_id, caller, reason, trace))
        return order

    def _cancel(self, order_id: UUID, caller: Caller, reason: str | None, trace: str | None, unit: Unit) -> Order:
        read = repository.read(unit, [order_id])
        if order_id not in read or not may_see(caller, read[order_id].order):
            raise NotFound("There is no order with this id.")
        order = read[order_id].order
        try:
            step = saga.decide(order, Cancel(reason), datetime.now(UTC), self._settings.policy)
        except NotCancellable:
            raise Conflict(f"The order is {order.status} and can no longer be cancelled.") from None
        if isinstance(step, Ignored):
            return order
        self._take(unit, [(order, step, trace)], read)
        return step.order

    def on_replies(self, unit: Unit, messages: list[Message]) -> None:
        """A batch of replies: each order's in their order, all orders read once and written back once."""
        replies: dict[UUID, list[tuple[Message, Input]]] = defaultdict(list)
        for message in messages:
            order_id, reply = read_reply(message)
            replies[order_id].append((message, reply))
        read = repository.read(unit, replies, self._memory)
        taken: list[Taken] = []
        for order_id, told in replies.items():
            if order_id not in read:
                raise InvalidMessage(f"{told[0][0].type} speaks of an order that does not exist")
            order = read[order_id].order
            for message, reply in told:
                step = self._decide(unit, order, reply, message.type)
                if step is not None:
                    taken.append((order, step, message.trace))
                    order = step.order
            if order is read[order_id].order and read[order_id].remembered:
                raise Stale
        self._take(unit, taken, read)

    async def end_overdue(self) -> None:
        """Applies all deadlines that have passed, a batch a transaction."""
        while await self._changes.do(self._end_some_overdue) == DUE_BATCH:
            pass

    def _end_some_overdue(self, unit: Unit) -> int:
        now = datetime.now(UTC)
        due = repository.read_due(unit, now, DUE_BATCH)
        taken: list[Taken] = []
        for order in (stored.order for stored in due):
            step = saga.decide(order, DeadlineMet(), now, self._settings.policy)
            if isinstance(step, Step):
                taken.append((order, step, telemetry.current_traceparent()))
        self._take(unit, taken, {stored.order.id: stored for stored in due})
        return len(due)

    def _take(self, unit: Unit, taken: Sequence[Taken], read: Mapping[UUID, Stored]) -> None:
        if taken:
            repository.save(unit, [step for _, step, _ in taken], read, self._memory)
            for before, step, trace in taken:
                unit.publish(*messages_of(before, step, trace))
                unit.after_commit(partial(_count, step))

    def _decide(self, unit: Unit, order: Order, reply: Input, kind: str) -> Step | None:
        try:
            step = saga.decide(order, reply, datetime.now(UTC), self._settings.policy)
        except Impossible as error:
            raise InvalidMessage(str(error)) from None
        if isinstance(step, Ignored):
            unit.after_commit(metrics.SAGA_IGNORED.labels(kind, order.status.value).inc)
            return None
        return step


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
