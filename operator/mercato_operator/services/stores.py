"""What a service's pods need before they can work: its database, its Kafka user, and the passwords of both."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mercato_operator.kube.conditions import Condition
from mercato_operator.services.credentials import Credentials
from mercato_operator.services.database import DatabaseError, Databases, mark_of
from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, database_secret, kafka_secret, role, user
from mercato_operator.services.parts import secrets
from mercato_operator.services.status import verdict as status
from mercato_operator.services.status.verdict import DATABASE
from mercato_operator.settings import OperatorSettings
from mercato_operator.topics.uses import Use, Uses

log = logging.getLogger(__name__)

DATABASE_CREDENTIAL: Final = "mercato.dev/database-credential"
KAFKA_CREDENTIAL: Final = "mercato.dev/kafka-credential"
_PROVED_SECONDS: Final = 120.0
"""A database that was as it should be is not looked at again for so long, unless its password changes."""


@dataclass(slots=True)
class Prepared:
    """`credentials` are annotations of the pods; `usable` says of each whether pods that get it can work."""

    database: Condition
    messaging: Condition
    failed: bool = False
    credentials: dict[str, str] = field(default_factory=dict)
    usable: dict[str, bool] = field(default_factory=dict)

    def holds_back(self, deployment: Object | None) -> bool:
        """Whether new pods would get a credential with which they could not work."""
        annotations: Mapping[str, str] = {}
        if deployment is not None:
            annotations = deployment["spec"]["template"]["metadata"].get("annotations") or {}
        return any(
            not self.usable[name] and annotations.get(name) != generation
            for name, generation in self.credentials.items()
        )


class Stores:
    """Each call may be repeated, and does what is missing."""

    def __init__(self, settings: OperatorSettings, credentials: Credentials, uses: Uses) -> None:
        self._settings, self._credentials, self._uses = settings, credentials, uses
        self._databases = Databases(settings)
        self._proved: dict[str, tuple[str, float, str]] = {}
        """By role: a hash of the password that was proved, until when it holds, and what else the role may reach."""

    async def prepare(self, service: CommerceService) -> Prepared:
        """Raises KubernetesError; what PostgreSQL or Kafka refuse is told by the conditions."""
        prepared = Prepared(status.no_database(), status.messaging(None, None))
        if service.spec.database.enabled:
            await self._database(service, prepared)
        elif service.spec.deletion_policy == "Delete":
            await self._switched_off(service, prepared)
        await self._messaging(service, prepared)
        return prepared

    async def drop(self, service: CommerceService) -> None:
        """Its database and role go, if it has them or had them. Raises DatabaseError."""
        if not service.spec.database.enabled and not await self._credentials.known(service, database_secret(service)):
            return
        name = role(service, self._settings.namespace)
        self._proved.pop(name, None)
        if await self._databases.drop(name, mark_of(*service.key)):
            log.info("the database and the role %s are dropped, as spec.deletionPolicy asks", name)

    def forget(self, namespace: str, name: str) -> None:
        """The service uses Kafka no more."""
        self._uses.forget(name if namespace == self._settings.namespace else f"{namespace}.{name}")

    async def _database(self, service: CommerceService, prepared: Prepared) -> None:
        name = role(service, self._settings.namespace)
        secret = await self._credentials.ensure(service, database_secret(service), name)
        prepared.credentials[DATABASE_CREDENTIAL] = secrets.generation(secret)
        try:
            others = await self._prove(name, service, secrets.password(secret) or "")
        except DatabaseError as error:
            self._failed(service, prepared, error)
        else:
            prepared.database = status.provisioned(name, others)
        prepared.usable[DATABASE_CREDENTIAL] = prepared.database.status == "True"

    async def _prove(self, name: str, service: CommerceService, password: str) -> str:
        now, known = asyncio.get_running_loop().time(), self._proved.get(name)
        digest = hashlib.sha256(password.encode()).hexdigest()
        if known is not None and known[0] == digest and now < known[1]:
            return known[2]
        self._proved.pop(name, None)
        others = await self._databases.ensure(name, mark_of(*service.key), password)
        self._proved[name] = (digest, now + _PROVED_SECONDS, others)
        return others

    async def _switched_off(self, service: CommerceService, prepared: Prepared) -> None:
        try:
            await self.drop(service)
        except DatabaseError as error:
            self._failed(service, prepared, error)

    def _failed(self, service: CommerceService, prepared: Prepared, error: DatabaseError) -> None:
        log.warning("the database of CommerceService %s/%s: %s", *service.key, error)
        prepared.database = Condition(DATABASE, "False", error.reason, str(error))
        prepared.failed = True

    async def _messaging(self, service: CommerceService, prepared: Prepared) -> None:
        name = user(service, self._settings.namespace)
        if not service.messages:
            self._uses.forget(name)
            return
        if self._settings.kafka_users:
            secret = await self._credentials.ensure(service, kafka_secret(service), name)
            where, password = (service.namespace, kafka_secret(service)), secrets.password(secret) or ""
            prepared.credentials[KAFKA_CREDENTIAL] = secrets.generation(secret)
        else:  # there is none to make: all sign in as one, or nobody does
            where, password = (self._settings.namespace, self._settings.kafka_users_secret), ""
            prepared.credentials[KAFKA_CREDENTIAL] = "shared"
        use = Use(name, frozenset(service.spec.consumes), frozenset(service.spec.produces), where, password)
        self._uses.want(use)
        prepared.messaging = status.messaging(use, self._uses.state(name))
        prepared.usable[KAFKA_CREDENTIAL] = prepared.messaging.status == "True"
