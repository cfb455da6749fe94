"""Who the command line signs in as: its own customers, remembered in a folder of the platform's, and the admin."""

import asyncio
import contextlib
import fcntl
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from cli.files import write_atomically
from cli.platform.client import Client, Refused, Token
from cli.platform.errors import PlatformError
from cli.platform.sites import AdminLogIn

LOCK_SECONDS = 30.0


class Accounts:
    """Customers made by the command line, with their passwords; for the owner's eyes alone (mode 0600)."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "customers.json"

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Two commands at once must not each sign up the first customer."""
        with self._file.with_suffix(".lock").open("a") as handle:
            for _ in range(int(LOCK_SECONDS / 0.05)):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(0.05)
            else:
                raise PlatformError("another ./mercato token is still signing up: try again")
            yield

    @property
    def default(self) -> str | None:
        """The e-mail of the customer that `token` means without --email."""
        return next(iter(self._passwords()), None)

    def password(self, email: str) -> str | None:
        return self._passwords().get(email)

    def remember(self, email: str, password: str) -> None:
        self._write({**self._passwords(), email: password})

    def _passwords(self) -> dict[str, str]:
        known: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return known

    def _write(self, passwords: dict[str, str]) -> None:
        write_atomically(self._file, json.dumps(passwords, indent=2) + "\n", mode=0o600)


async def admin_token(client: Client, admin: AdminLogIn) -> Token:
    """Raises PlatformError when the admin's password was changed since."""
    try:
        return await client.log_in(admin.email, admin.password)
    except Refused as refusal:
        if refusal.status == 401:
            raise PlatformError(
                f"the password of {admin.email} is not the one in {admin.where} any more: put it there"
            ) from None
        raise


async def customer_token(client: Client, accounts: Accounts, email: str | None) -> Token:
    """A token of `email`, or of this platform's demo customer; signed up on first use. Raises PlatformError."""
    async with accounts.alone():
        wanted = email or accounts.default or f"demo-{secrets.token_hex(4)}@mercato.example"
        password = accounts.password(wanted)
        if password is not None:
            try:
                return await client.log_in(wanted, password)
            except Refused as refusal:
                if refusal.status != 401:
                    raise
        return await _sign_up(client, accounts, wanted)


async def _sign_up(client: Client, accounts: Accounts, email: str) -> Token:
    password = secrets.token_urlsafe(18)
    name = email.partition("@")[0].replace(".", " ") or "demo"
    try:
        await client.sign_up(email, name, password)
    except Refused as refusal:
        if refusal.status == 409:
            raise PlatformError(
                f"{email} exists, and its password is not known here: log in with POST /api/v1/tokens, "
                "or choose another --email"
            ) from None
        raise
    accounts.remember(email, password)
    return await client.log_in(email, password)
