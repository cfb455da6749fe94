"""Logging in, and staying logged in."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.chassis.http.problems import TooManyRequests, Unauthorized
from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Connection, Database
from services.customer import attempts, emails, metrics, refresh, refresh_repository, repository
from services.customer.access import AccessTokens
from services.customer.attempts import Allowance
from services.customer.passwords import Passwords
from services.customer.refresh import Verdict
from services.customer.repository import Account
from services.customer.schemas import LogIn, TokenPair
from services.customer.settings import CustomerSettings

_NO_REFRESH = "The refresh token is not valid (any more); log in again."


class Sessions:
    """Trades passwords and refresh tokens for token pairs."""

    def __init__(
        self, database: Database, passwords: Passwords, access: AccessTokens, settings: CustomerSettings
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._access = access
        self._settings = settings

    async def log_in(self, wanted: LogIn) -> TokenPair:
        """Raises Unauthorized, TooManyRequests, Unavailable. Known and unknown e-mails take the same way."""
        key = emails.key(wanted.email)
        password = wanted.password.get_secret_value()
        async with self._database.transaction() as unit:
            account = await repository.account_of_email(unit.connection, key)
            clears_at = await repository.clears_at(unit.connection, key)
        self._refuse_if_limited(clears_at)
        if not await self._passwords.matches(account.password_hash if account else None, password):
            await self._charge(key)
            metrics.LOGINS.labels("wrong").inc()
            raise Unauthorized("The e-mail or the password is wrong.")
        assert account is not None, "nobody's password never matches"  # noqa: S101
        better = await self._passwords.hash(password) if self._passwords.outdated(account.password_hash) else None
        async with self._database.transaction() as unit:
            # Guesses sent side by side: a right one is not answered once the wrong ones have used up the limit.
            if clears_at := await repository.clears_at(unit.connection, key):
                self._refuse_if_limited(clears_at)
                await repository.forgive(unit.connection, key)
            if better is not None:
                await repository.replace_hash(unit.connection, account.id, account.password_hash, better)
            token = await self._start_family(unit.connection, account.id)
        metrics.LOGINS.labels("right").inc()
        return self._pair(account, token)

    async def refresh(self, token: str) -> TokenPair:
        """The successor of a refresh token. Raises Unauthorized."""
        digest = refresh.digest(token)
        now = datetime.now(UTC)
        account = None
        async with self._database.transaction() as unit:
            if found := await refresh_repository.lock_family(unit.connection, digest):
                family_id, customer_id = found
                stored = await refresh_repository.stored_token(unit.connection, digest)
                verdict = refresh.judge(stored, now)
                if verdict is Verdict.REVOKE:
                    await refresh_repository.revoke_family(unit.connection, family_id, now)
                if verdict is Verdict.ROTATE:
                    await refresh_repository.mark_rotated(unit.connection, digest, now)
                    following = refresh.digest(self._successor(token))
                    await refresh_repository.insert_token(unit.connection, following, family_id, self._expiry(now))
                if verdict in {Verdict.ROTATE, Verdict.REPEAT}:
                    account = await repository.account(unit.connection, customer_id)
        if account is None:  # outside the transaction: a revocation must last though it is answered with an error
            raise Unauthorized(_NO_REFRESH)
        return self._pair(account, self._successor(token))

    async def revoke(self, token: str) -> None:
        """Ends the family of a refresh token; one that is not known has ended already (RFC 7009, section 2.2)."""
        async with self._database.transaction() as unit:
            if found := await refresh_repository.lock_family(unit.connection, refresh.digest(token)):
                await refresh_repository.revoke_family(unit.connection, found[0], datetime.now(UTC))

    async def _charge(self, key: str) -> None:
        now = datetime.now(UTC)
        async with self._database.transaction() as unit:
            clears_at = await repository.lock_clears_at(unit.connection, key, now)
            self._refuse_if_limited(clears_at)
            moment = attempts.charged(clears_at, now, self._allowance)
            await repository.set_clears_at(unit.connection, key, moment, now)

    def _refuse_if_limited(self, clears_at: datetime | None) -> None:
        if clears_at is None:
            return
        wait = attempts.wait_before_next(clears_at, datetime.now(UTC), self._allowance)
        if wait > timedelta(0):
            seconds = math.ceil(wait.total_seconds())
            metrics.LOGINS.labels("limited").inc()
            raise TooManyRequests(
                f"Too many wrong passwords for this e-mail; try again in {seconds} s.",
                headers={"retry-after": str(seconds)},
            )

    async def _start_family(self, connection: Connection, customer_id: UUID) -> str:
        now = datetime.now(UTC)
        token, family_id = refresh.new_token(), new_id()
        await refresh_repository.sweep_families(connection, customer_id, now)
        await refresh_repository.insert_family(connection, family_id, customer_id, self._expiry(now))
        await refresh_repository.insert_token(connection, refresh.digest(token), family_id, self._expiry(now))
        return token

    def _pair(self, account: Account, refresh_token: str) -> TokenPair:
        access_token = self._access.issue(account.id, account.email, account.name, account.roles)
        return TokenPair(access_token=access_token, expires_in=self._access.seconds, refresh_token=refresh_token)

    def _successor(self, token: str) -> str:
        return refresh.successor(self._settings.refresh_secret.get_secret_value().encode(), token)

    def _expiry(self, now: datetime) -> datetime:
        return now + timedelta(days=self._settings.refresh_token_days)

    @property
    def _allowance(self) -> Allowance:
        return Allowance(
            self._settings.wrong_passwords_at_once, timedelta(seconds=self._settings.wrong_password_refill_seconds)
        )
