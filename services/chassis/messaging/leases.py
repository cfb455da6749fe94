"""Who publishes which outbox bucket: rows with an expiry, shared fairly among the relays that are alive.

A lease is a row, not an advisory lock: a lock held by a stopped process would stall its buckets for ever.
"""

from services.chassis.storage.database import Database

BUCKETS = 16
LEASE_SECONDS = 5

# All that is done each second, in one statement; a renewal that a crash undoes only lets the lease end sooner.
_RENEW = """
WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true) AS is),
signed AS (
    INSERT INTO outbox_relay (owner, expires_at)
    SELECT %(owner)s, now() + make_interval(secs => %(ttl)s) FROM relaxed
    ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at
), mine AS (
    UPDATE outbox_lease SET expires_at = now() + make_interval(secs => %(ttl)s)
    WHERE owner = %(owner)s RETURNING bucket
)
SELECT (SELECT count(*) FROM outbox_relay WHERE expires_at > now() AND owner <> %(owner)s) + 1,
    ARRAY(SELECT bucket FROM mine), (SELECT count(*) FROM outbox WHERE bucket >= 0)
"""
_FORGET = "DELETE FROM outbox_relay WHERE expires_at < now() - interval '1 hour'"
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

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner
        self.held: frozenset[int] = frozenset()

    async def renew(self) -> int:
        """Signs in, keeps a fair share, takes what has expired, gives back what is over the share; counts the rows."""
        bind = {"owner": self._owner, "ttl": LEASE_SECONDS}
        ((alive, renewed, backlog),) = await self._database.fetch(_RENEW, bind)
        share = -(-BUCKETS // alive)
        # A process that comes back under its own name finds its leases again at once.
        mine = sorted(renewed)
        if len(mine) != share:
            mine = await self._share(mine, share)
        self.held = frozenset(mine)
        return int(backlog)

    async def _share(self, mine: list[int], share: int) -> list[int]:
        bind = {"owner": self._owner, "ttl": LEASE_SECONDS}
        async with self._database.transaction() as unit:
            await unit.connection.execute(_FORGET)
            if mine[share:]:
                await unit.connection.execute(_GIVE, {**bind, "buckets": mine[share:]})
                return mine[:share]
            cursor = await unit.connection.execute(_TAKE, {**bind, "count": share - len(mine)})
            return [*mine, *(row[0] for row in await cursor.fetchall())]

    async def release(self) -> None:
        """Signs out, so that the others need not wait for the expiry."""
        async with self._database.transaction() as unit:
            bind = {"owner": self._owner, "buckets": list(self.held)}
            await unit.connection.execute(_GIVE, bind)
            await unit.connection.execute("DELETE FROM outbox_relay WHERE owner = %(owner)s", bind)
        self.held = frozenset()
