"""Wires the customer service: the only place that knows all its rooms."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from services.chassis.http import openapi
from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.storage.database import Database
from services.customer.access import AccessTokens
from services.customer.accounts import Accounts
from services.customer.api import routes
from services.customer.keys import STRICT, UnusableKeys, load_keys
from services.customer.operations import DESCRIPTION, OPERATIONS
from services.customer.passwords import Passwords
from services.customer.sessions import Sessions
from services.customer.settings import CustomerSettings

log = logging.getLogger(__name__)


def build(settings: CustomerSettings) -> Starlette:
    """The service. Raises SystemExit with one line when there is no usable signing key."""
    try:
        keys = load_keys(settings.signing_keys_directory)
    except UnusableKeys as error:
        raise SystemExit(f"{settings.service}: {error}") from None
    if STRICT not in keys.algorithms:
        log.warning("no signing key is RSA: strict OpenID Connect libraries refuse an issuer without %s", STRICT)
    database = Database(settings)
    passwords = Passwords(settings.password_threads, settings.password_queue)
    tokens = Tokens(settings)
    accounts = Accounts(database, passwords)
    sessions = Sessions(database, passwords, AccessTokens(keys, settings), settings)

    @asynccontextmanager
    async def first_admin() -> AsyncIterator[None]:
        await database.awaited()
        await accounts.ensure_first_admin(settings)
        yield

    return application(
        settings,
        routes=[
            *routes(accounts, sessions, tokens, keys, settings.issuer),
            openapi.route(settings.service, DESCRIPTION, OPERATIONS),
        ],
        resources=[database, passwords, tokens, first_admin()],
        checks={"database": database.check},
    )
