"""How far behind the whole way is: how long the work that is ours to do waits, on each part of it.

placing   from a request's admission until its order is stored
pending   from an order's creation until product's answer is handled: outbox, Kafka, product and our own replies
product   what product says of its queue on its answers, and how long they are on their way to us; and so for
payment   which knows what waits for itself and what for the provider: hanging payments are no backlog
way       how long those who are on their way will wait, by how many there are: once some are refused (`way.py`)
silence   how long product or payment, though asked, have said nothing at all, less the time a restart may take
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from services.chassis.messaging.messages import Message
from services.chassis.storage.database import Database
from services.order.admission.silence import Silence
from services.order.admission.waits import Waits
from services.order.admission.way import SPAN_SECONDS, Way
from services.order.settings import OrderSettings

RESTART_SECONDS = 5.0
"""A partner may say nothing for so long, as when it is replaced, before that counts as waiting."""
_SUSPICIOUS_SECONDS = 2.0
_FEWEST = 10

# One replica may place what others hear the answers to; the database knows for all. Few orders that are stuck, like
# those whose command is among the dead letters, are no backlog.
_PENDING_FOR = f"""
SELECT extract(epoch FROM now() - created_at)::float8 FROM orders
WHERE deadline_at IS NOT NULL AND status = 'PENDING' ORDER BY deadline_at OFFSET {_FEWEST - 1} LIMIT 1
"""  # noqa: S608 - a constant
# Ids are in the order of their times. The counted are PENDING or RESERVED, which alone have deadlines.
_UNDER_WAY = """
SELECT count(*) FILTER (WHERE deadline_at IS NOT NULL AND id >= %b), count(*) FILTER (WHERE id >= %b)
FROM orders WHERE id >= %b
"""


class Backlog:
    """Told by whoever does the work; asked for the longest wait. `clock` is monotonic, `wall` the time of day."""

    def __init__(
        self,
        settings: OrderSettings,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._wall = wall
        self._placing: dict[int, float] = {}
        self._number = 0
        self._begun_at = -math.inf
        self._waits = {source: Waits() for source in ("placing", "pending", "product", "payment")}
        self._silence = {"product": Silence(_FEWEST), "payment": Silence(2 * _FEWEST)}
        self._product_waits = 0.0
        self.way = Way(lambda: settings.authorization_deadline_seconds)

    @property
    def placing(self) -> int:
        """How many orders are admitted and not yet stored."""
        return len(self._placing)

    def begun(self) -> int:
        """An order is to be placed; answers the number to end it by."""
        self._number += 1
        self._placing[self._number] = self._begun_at = self._clock()
        return self._number

    def ended(self, number: int, *, placed: bool) -> None:
        now = self._clock()
        started = self._placing.pop(number)
        if placed:
            self._waits["placing"].add(now, now - started)
            self._silence["product"].asked(now)

    def heard(self, messages: Iterable[Message]) -> None:
        """Replies, before they are handled. For any thread."""
        now = self._clock()
        for message in messages:
            partner = message.type.split(".")[1]
            if partner not in self._silence:
                continue
            self._silence[partner].answered()
            way = self._wall() - message.sent.timestamp() if message.sent else 0.0
            self._waits[partner].add(now, message.wait + max(0.0, way))
            if partner == "product":
                self._heard_of_pending(message, now)
            elif message.type == "mercato.payment.authorized.v1":
                self._heard_of_authorized(message, now)

    def _heard_of_pending(self, message: Message, now: float) -> None:
        age = _age(message.key, self._wall())
        # Older ones have met their deadline: somebody replays what was set aside.
        if age is not None and age <= self._settings.order_deadline_seconds:
            self._waits["pending"].add(now, age)
        if message.type == "mercato.product.reserved.v1":
            self._silence["payment"].asked(now)

    def _heard_of_authorized(self, message: Message, now: float) -> None:
        age = _age(message.key, self._wall())
        if age is not None:
            self.way.arrived(now, age)

    async def look(self) -> None:
        """To be called now and then: asks the database what is on its way while orders come, and how old it is where
        product has said nothing for suspiciously long."""
        if self._clock() - self._begun_at < SPAN_SECONDS:
            await self._count()
        age = 0.0
        if self._silence["product"].at(self._clock()) > _SUSPICIOUS_SECONDS:
            rows = await self._database.fetch(_PENDING_FOR)
            age = rows[0][0] if rows else 0.0
        self._product_waits = age

    async def _count(self) -> None:
        counted, now = self.way.counted_seconds, self._wall()
        ids = [_id_of(now - seconds) for seconds in (counted, SPAN_SECONDS, max(counted, SPAN_SECONDS))]
        [(under_way, begun)] = await self._database.fetch(_UNDER_WAY, ids)
        self.way.counted(self._clock(), under_way, begun)

    def waits(self) -> Mapping[str, float]:
        """Seconds, by source."""
        now = self._clock()
        found = {source: waits.at(now) for source, waits in self._waits.items()}
        if self._placing:
            found["placing"] = max(found["placing"], now - next(iter(self._placing.values())))
        # Payment has said something by the time the deadline made it undo what hangs at the provider.
        payment = self._silence["payment"].at(now) - self._settings.authorization_deadline_seconds
        found["silence"] = max(0.0, payment - RESTART_SECONDS, self._product_waits - RESTART_SECONDS)
        return found


def _id_of(at: float) -> UUID:
    """The first UUIDv7 of a time of day."""
    return UUID(int=max(0, int(at * 1000)) << 80)


def _age(order_id: str, now: float) -> float | None:
    """Seconds since an id was made, which a UUIDv7 tells (RFC 9562, 5.7)."""
    try:
        made = UUID(order_id)
    except ValueError:
        return None
    return now - (made.int >> 80) / 1000 if made.version == 7 else None
