"""Delivers events: signed, at least once, retried with backoff, and never in the way of the API.

Source: https://docs.stripe.com/webhooks#verify-manually
"""

import asyncio
import hashlib
import hmac
import logging
import random
import time
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from services.chassis.runtime.tasks import stop
from tryout.simulator import objects
from tryout.simulator.ledger import Ledger
from tryout.simulator.settings import SimulatorSettings

log = logging.getLogger(__name__)

BATCH = 20
POLL_SECONDS = 0.25
CONCURRENCY = 4
_TIMEOUT = aiohttp.ClientTimeout(total=5.0, connect=2.0)

_DUE = """
SELECT id, type, snapshot, created_at, attempts FROM event
WHERE due_at <= now() ORDER BY due_at LIMIT %s
"""
_DELIVERED = "DELETE FROM event WHERE id = ANY(%s)"
_LATER = """
UPDATE event SET attempts = attempts + 1,
    due_at = CASE WHEN attempts + 1 < %s THEN now() + make_interval(secs => %s) END
WHERE id = %s
"""


def signature(secret: str, payload: bytes, timestamp: int) -> str:
    """The `Stripe-Signature` header."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


class Webhooks:
    """Delivers while entered."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._places = asyncio.Semaphore(CONCURRENCY)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=_TIMEOUT,
            connector=aiohttp.TCPConnector(limit=CONCURRENCY),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        self._task = asyncio.create_task(self._deliver_for_ever(), name="webhooks")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await stop(self._task)
        await self._session.close()

    async def _deliver_for_ever(self) -> None:
        while True:
            count = 0
            if self._settings.webhook_url and self._settings.webhooks:
                try:
                    count = await self._round(self._settings.webhook_url)
                except (OperationalError, PoolTimeout) as error:
                    log.warning("webhooks wait for the database: %s", type(error).__name__)
            if count < BATCH:
                await asyncio.sleep(POLL_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311

    async def _round(self, url: str) -> int:
        due = await self._ledger.rows(_DUE, (BATCH,))
        results = await asyncio.gather(*(self._deliver(url, row) for row in due))
        delivered = [row[0] for row, taken in zip(due, results, strict=True) if taken]
        if delivered:
            await self._ledger.rows(_DELIVERED, (delivered,))
        for row, taken in zip(due, results, strict=True):
            if not taken:
                seconds = min(60.0, 0.5 * 2 ** row[4]) * random.uniform(0.5, 1.0)  # noqa: S311
                await self._ledger.rows(_LATER, (self._settings.webhook_attempts, seconds, row[0]))
        return len(due)

    async def _deliver(self, url: str, row: tuple[Any, ...]) -> bool:
        identity, kind, snapshot, created, _ = row
        payload = orjson.dumps(objects.event(identity, kind, snapshot, created))
        secret = self._settings.stripe_webhook_secret.get_secret_value()
        headers = {"content-type": "application/json", "stripe-signature": signature(secret, payload, int(time.time()))}
        try:
            async with self._places, self._session.post(url, data=payload, headers=headers) as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False
