"""Who publishes which outbox bucket: rows with an expiry, shared fairly among the relays that are alive.

A lease is a row, not an advisory lock: a lock held by a stopped process would stall its buckets for ever.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.chassis.storage.database import Database

BUCKETS = 16
LEASE_SECONDS = 5

_SIGN_IN = """
INSERT INTO outbox_relay (owner, expires_at) VALUES (%(owner)s, now() + make_interval(secs => %(ttl)s))
ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at
"""
_FORGET = "DELETE FROM outbox_relay WHERE expires_at < now() - interval '1 hour'"
_ALIVE = "SELECT count(*) FROM outbox_relay WHERE expires_at > now()"
_RENEW = """
UPDATE outbox_lease SET expires_at = now() + make_interval(secs => %(ttl)s)
WHERE owner = %(owner)s RETURNING bucket
"""
_TAKE = """
UPDATE outbox_lease SET owner = %(owner)s, expires_at = now() + make_interval(secs => %(ttl)s)
WHERE bucket IN (
    SELECT bucket FROM outbox_lease WHERE expires_at <= now() ORDER BY bucket LIMIT %(count)s FOR UPDATE SKIP LOCKED
) RETURNING bucket
"""
_GIVE = """
UPDATE outbox_lease SET owner = NULL, expires_at = '-infinity'
WHERE owner = %(owner)s AND bucket = ANY(%(buckets)s)
"""


class Leases:
    """The buckets this relay holds; `held` is empty until the first `renew`."""

    def __init__(self, database: "Database", owner: str) -> None:
        self._database = database
        self._owner = owner
        self.held: frozenset[int] = frozenset()

    async def renew(self) -> None:
        """Signs in, keeps a fair share, takes what has expired and gives back what is over the share."""
        bind = {"owner": self._owner, "ttl": LEASE_SECONDS}
        async with self._database.transaction() as unit:
            connection = unit.connection
            if not self.held:
                await connection.execute(_FORGET)
            await connection.execute(_SIGN_IN, bind)
            alive = (await (await connection.execute(_ALIVE)).fetchone() or (1,))[0]
            share = -(-BUCKETS // max(1, alive))
            # A process that comes back under its own name finds its leases again at once.
            mine = sorted(row[0] for row in await (await connection.execute(_RENEW, bind)).fetchall())
            surplus = mine[share:]
            if surplus:
                await connection.execute(_GIVE, {**bind, "buckets": surplus})
            taken: list[int] = []
            if len(mine) < share:
                cursor = await connection.execute(_TAKE, {**bind, "count": share - len(mine)})
                taken = [row[0] for row in await cursor.fetchall()]
        self.held = frozenset([*mine[:share], *taken])

    async def release(self) -> None:
        """Signs out, so that the others need not wait for the expiry."""
        async with self._database.transaction() as unit:
            bind = {"owner": self._owner, "buckets": list(self.held)}
            await unit.connection.execute(_GIVE, bind)
            await unit.connection.execute("DELETE FROM outbox_relay WHERE owner = %(owner)s", bind)
        self.held = frozenset()
