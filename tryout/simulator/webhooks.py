"""Delivers events: signed, at least once, retried with backoff, and never in the way of the API.

Source: https://docs.stripe.com/webhooks#verify-manually
"""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import orjson
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from services.chassis.http.client import HttpClient
from services.chassis.retry import Backoff, spread
from services.chassis.runtime.tasks import stop
from tryout.simulator import objects
from tryout.simulator.ledger import Ledger
from tryout.simulator.settings import SimulatorSettings

log = logging.getLogger(__name__)

BATCH = 100
CONCURRENCY = 4
GATHER_SECONDS = 0.5
POLL_SECONDS = 5.0
_BACKOFF = Backoff(first=0.5, limit=60.0)
_TIMEOUT = 5.0

_DUE = """
SELECT id, type, snapshot, created_at, attempts FROM event
WHERE due_at <= now() ORDER BY due_at LIMIT %s
"""
_DELIVERED = "DELETE FROM event WHERE id = ANY(%s)"
_LATER = """
UPDATE event SET attempts = attempts + 1,
    due_at = CASE WHEN attempts + 1 < %s THEN now() + make_interval(secs => pause) END
FROM unnest(%s::text[], %s::float8[]) AS refused (event_id, pause) WHERE id = event_id
"""


def signature(secret: str, payload: bytes, timestamp: int) -> str:
    """The `Stripe-Signature` header."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


class Webhooks:
    """Delivers while entered: what is new as soon as some of it has gathered, what was refused when its time comes."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._places = asyncio.Semaphore(CONCURRENCY)

    async def __aenter__(self) -> Self:
        url = urlsplit(self._settings.webhook_url or "")
        if url.netloc:
            self._client = HttpClient(f"{url.scheme}://{url.netloc}")
            self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            self._task = asyncio.create_task(self._deliver_for_ever(), name="webhooks")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._settings.webhook_url:
            await stop(self._task)
            await self._client.__aexit__(kind, error, trace)

    async def _deliver_for_ever(self) -> None:
        while True:
            pause = POLL_SECONDS
            self._ledger.told.clear()
            if self._settings.webhooks:
                try:
                    pause = await self._round()
                except (OperationalError, PoolTimeout) as error:
                    log.warning("webhooks wait for the database: %s", type(error).__name__)
            try:
                async with asyncio.timeout(spread(pause)):
                    await self._ledger.told.wait()
                await asyncio.sleep(GATHER_SECONDS)
            except TimeoutError:
                pass

    async def _round(self) -> float:
        """Delivers what is due; seconds until there may be more."""
        due = await self._ledger.rows(_DUE, (BATCH,))
        if not due:
            return POLL_SECONDS
        results = await asyncio.gather(*(self._deliver(row) for row in due))
        delivered = [row[0] for row, taken in zip(due, results, strict=True) if taken]
        if delivered:
            await self._ledger.rows(_DELIVERED, (delivered,))
        refused = [row for row, taken in zip(due, results, strict=True) if not taken]
        pauses = await self._try_later(refused) if refused else []
        return 0.0 if len(due) == BATCH else min(pauses, default=POLL_SECONDS)

    async def _try_later(self, refused: Sequence[tuple[Any, ...]]) -> list[float]:
        pauses = [_BACKOFF.after(row[4] + 1) for row in refused]
        names = [row[0] for row in refused]
        await self._ledger.rows(_LATER, (self._settings.webhook_attempts, names, pauses))
        return pauses

    async def _deliver(self, row: tuple[Any, ...]) -> bool:
        identity, kind, snapshot, created, _ = row
        payload = orjson.dumps(objects.event(identity, kind, snapshot, created))
        secret = self._settings.stripe_webhook_secret.get_secret_value()
        headers = {"content-type": "application/json", "stripe-signature": signature(secret, payload, int(time.time()))}
        try:
            async with self._places:
                reply = await self._client.request("POST", self._target, headers, payload, _TIMEOUT)
        except (OSError, TimeoutError):
            return False
        return 200 <= reply.status < 300
