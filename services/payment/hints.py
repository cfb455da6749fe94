"""Webhooks as hints: the look-ups they ask for are brought forward, many in one statement.

A hint may be lost, by a crash or because there are too many: it only moves a due time forward. Whatever is not known of
a payment has a due time in its row (`schedule.start` and `schedule.later` give one to every payment that has a next
call), and it is asked then. A payment without a next call waits for its order's word, and no webhook changes that.
"""

import asyncio
from types import TracebackType
from typing import Self
from uuid import UUID

from services.chassis.storage.database import Database
from services.payment.due import DueCalls
from services.payment.loops import Loop

GATHER_SECONDS = 0.25
BATCH = 200
WAITING = 1000

# Like every batch of rows in the order of their ids; one that is locked is being worked on, and needs no hint.
_BRING_FORWARD = """
WITH waiting AS (
    SELECT order_id FROM payment WHERE order_id = ANY(%s) AND claim IS NULL AND due_at > now()
    ORDER BY order_id FOR UPDATE SKIP LOCKED
)
UPDATE payment AS p SET due_at = now() FROM waiting WHERE p.order_id = waiting.order_id RETURNING 1
"""


class Hints:
    """Takes hints while entered."""

    def __init__(self, database: Database, due: DueCalls) -> None:
        self._database = database
        self._due = due
        self._orders: dict[UUID, None] = {}
        self._named = asyncio.Event()
        self._loop = Loop("bringing look-ups forward", self._bring_forward)

    @property
    def waiting(self) -> int:
        """How many orders are named and not looked for yet."""
        return len(self._orders)

    def take(self, order_id: UUID) -> None:
        """The provider has something to tell of this order; more than `WAITING` at once are left to their due times."""
        if len(self._orders) < WAITING:
            self._orders[order_id] = None
            self._named.set()

    async def __aenter__(self) -> Self:
        self._loop.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._loop.stop()

    async def _bring_forward(self) -> None:
        await self._named.wait()
        await asyncio.sleep(GATHER_SECONDS)
        orders = list(self._orders)[:BATCH]
        for order_id in orders:
            del self._orders[order_id]
        if not self._orders:
            self._named.clear()
        if await self._database.fetch(_BRING_FORWARD, (orders,)):
            self._due.look_now()
