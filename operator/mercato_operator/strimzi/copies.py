"""Secrets that Strimzi keeps beside Kafka, copied to where its clients are, and kept current.

These are the authority of the cluster's certificates, and the credentials of each user as Strimzi lays them out.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from mercato_operator.kafka.backend import Account
from mercato_operator.kube.ownership import MANAGER
from mercato_operator.strimzi.objects import CLUSTER, INSTALLATION, PURPOSE, SECRETS, Strimzi, is_as
from services.chassis.kube.client import Kubernetes, KubernetesError, Object

log = logging.getLogger(__name__)

COPY: Final = "kafka-copy"
Place = tuple[str, str]
"""Namespace and name."""


class Copies:
    """Into the operator's own namespace, and those of the services' Secrets; none where Kafka itself is."""

    def __init__(self, client: Kubernetes, strimzi: Strimzi) -> None:
        self._client, self._strimzi = client, strimzi
        self._missing = False

    async def bring(self, accounts: Sequence[Account], *, complete: bool) -> None:
        """Copies what differs; where `complete`, copies that nobody needs any more go. Raises KubernetesError."""
        strimzi = self._strimzi
        places = {account.user: account.secret[0] if account.secret else strimzi.home for account in accounts}
        namespaces = {*places.values(), strimzi.home} - {strimzi.namespace}
        if not namespaces:
            return
        wanted: dict[Place, Mapping[str, str]] = {}
        name = f"{strimzi.cluster}-cluster-ca-cert"
        certificate = ((await self.one(strimzi.namespace, name) or {}).get("data") or {}).get("ca.crt")
        if certificate:
            wanted |= {(each, name): {"ca.crt": certificate} for each in namespaces}
        elif not self._missing:
            log.warning(
                "namespace %s has no Secret %s, and clients of Kafka cannot start: is the Kafka named %s, and ready?",
                strimzi.namespace, name, strimzi.cluster,
            )  # fmt: skip
        self._missing = not certificate
        credentials = await self._credentials()
        for user, namespace in places.items():
            if user in credentials and namespace in namespaces:
                wanted[namespace, copy_name(user, namespace)] = credentials[user]
        for namespace in sorted(namespaces):
            await self._bring(namespace, wanted, complete=complete)

    async def one(self, namespace: str, name: str) -> Object | None:
        """A Secret; None where there is none. Raises KubernetesError."""
        try:
            return await self._client.get(SECRETS, namespace, name)
        except KubernetesError as error:
            if error.not_found:
                return None
            raise

    async def _bring(self, namespace: str, wanted: Mapping[Place, Mapping[str, str]], *, complete: bool) -> None:
        selector = {"labelSelector": f"{PURPOSE}={COPY},{INSTALLATION}={self._strimzi.home}"}
        items, _ = await self._client.list(SECRETS, namespace, selector)
        present = {item["metadata"]["name"]: item for item in items}
        for (where, name), data in wanted.items():
            content = self._strimzi.secret(where, name, data, COPY)
            if where == namespace and not is_as(present.get(name, {}), content):
                await self._client.apply(SECRETS, where, name, content, MANAGER)
        for name, item in present.items():
            if complete and (namespace, name) not in wanted and not name.endswith("-cluster-ca-cert"):
                await self._client.delete(SECRETS, namespace, name, item["metadata"]["uid"])

    async def _credentials(self) -> dict[str, Mapping[str, str]]:
        """By user; Strimzi's Secret has the user's name."""
        selector = {"labelSelector": f"{CLUSTER}={self._strimzi.cluster},strimzi.io/kind=KafkaUser"}
        items, _ = await self._client.list(SECRETS, self._strimzi.namespace, selector)
        return {item["metadata"]["name"]: item.get("data") or {} for item in items}


def copy_name(user: str, namespace: str) -> str:
    """`loyalty-kafka-user`, also for a user that is named with its namespace."""
    return f"{user.removeprefix(f'{namespace}.')}-kafka-user"
