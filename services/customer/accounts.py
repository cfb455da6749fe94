"""Signing up, and who somebody is."""

import logging
from uuid import UUID

from services.chassis.http.problems import Conflict, NotFound
from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Database
from services.customer import emails, repository
from services.customer.passwords import Passwords
from services.customer.repository import Account
from services.customer.schemas import Customer, SignUp
from services.customer.settings import CustomerSettings

log = logging.getLogger(__name__)

CUSTOMER, ADMIN = "customer", "admin"


class Accounts:
    """Commands and queries on customers; one transaction each."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def sign_up(self, wanted: SignUp) -> Customer:
        """A new customer. Raises Conflict when the e-mail is taken, Unavailable when too many hash at once."""
        encoded = await self._passwords.hash(wanted.password.get_secret_value())
        account = Account(new_id(), wanted.email, wanted.name, encoded, (CUSTOMER,))
        async with self._database.transaction() as unit:
            if not await repository.insert_account(unit.connection, account):
                raise Conflict("This e-mail is taken; log in with it, or sign up with another one.")
        return Customer(id=account.id, email=account.email, name=account.name)

    async def read(self, subject: str) -> Customer:
        """The customer of a token's subject. Raises NotFound, as for the subject of another issuer."""
        try:
            customer_id = UUID(subject)
        except ValueError:
            raise NotFound("No profile is kept here for the subject of this token.") from None
        async with self._database.transaction() as unit:
            account = await repository.account(unit.connection, customer_id)
        if account is None:
            raise NotFound("No profile is kept here for the subject of this token.")
        return Customer(id=account.id, email=account.email, name=account.name)

    async def ensure_first_admin(self, settings: CustomerSettings) -> None:
        """Makes the configured administrator unless the e-mail exists; a password changed since is left alone."""
        if not settings.admin_email or settings.admin_password is None:
            return
        async with self._database.transaction() as unit:
            existing = await repository.account_of_email(unit.connection, emails.key(settings.admin_email))
        if existing is not None:
            if ADMIN not in existing.roles:
                log.warning("the configured administrator's e-mail belongs to a customer, who is left as is")
            return
        encoded = await self._passwords.hash(settings.admin_password.get_secret_value())
        account = Account(new_id(), settings.admin_email, "Administrator", encoded, (CUSTOMER, ADMIN))
        async with self._database.transaction() as unit:
            # Two replicas that start together both come here; the e-mail's constraint lets one of them win.
            if await repository.insert_account(unit.connection, account):
                log.info("first administrator made")
