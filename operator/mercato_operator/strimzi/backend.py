"""Topics and users as Strimzi's objects: Strimzi's own operators bring them about, and what they say is mirrored."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from mercato_operator.kafka.admin import partitions_fault
from mercato_operator.kafka.backend import Account, BackendUnavailable, Fault, Outcome
from mercato_operator.kafka.topics import Topic
from mercato_operator.kube.ownership import MANAGER
from mercato_operator.strimzi.copies import Copies
from mercato_operator.strimzi.objects import (
    MANAGED_USER,
    SECRETS,
    TOPICS,
    USERS,
    Strimzi,
    encoded,
    is_as,
    object_name,
)
from mercato_operator.strimzi.reasons import WAITING, topic_fault, user_fault
from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource

_AT_ONCE: Final = 8
_TAKEN: Final = "UserExists"


class StrimziBackend:
    """Reads all its objects with each call, and writes those that differ."""

    def __init__(self, client: Kubernetes, strimzi: Strimzi) -> None:
        self._client, self._strimzi = client, strimzi
        self._copies = Copies(client, strimzi)
        self._limit = asyncio.Semaphore(_AT_ONCE)

    async def bring_topics(self, topics: Sequence[Topic]) -> Mapping[str, Outcome]:
        present = await self._all(TOPICS)
        outcomes = await self._each(self._topic(topic, present.get(object_name(topic.name))) for topic in topics)
        return {topic.name: outcome for topic, outcome in zip(topics, outcomes, strict=True)}

    async def _topic(self, topic: Topic, now: Object | None) -> Outcome:
        if now is not None and (why := self._strimzi.foreign(now)):
            return Outcome(fault=Fault("TopicTaken", f"the KafkaTopic of that name {why}: choose another name"))
        kept = (now or {}).get("spec", {}).get("partitions")
        fault = partitions_fault(topic, kept) if kept is not None else None
        wanted = self._strimzi.topic(replace(topic, partitions=kept) if fault else topic)
        keys = (now or {}).get("spec", {}).get("config", {}).keys() & topic.reset
        if now is not None and is_as(now, wanted) and not keys:
            mirrored = topic_fault(now)
            there = mirrored is None or (kept is not None and not mirrored.unknown)
            return Outcome((), mirrored or fault, kept if there else None)
        applied = await self._apply(TOPICS, wanted)
        verb = f"created with {topic.partitions} partitions" if now is None else "declared anew"
        return Outcome((verb,), fault or topic_fault(applied), kept)

    async def remove_topics(self, names: Collection[str]) -> Mapping[str, Outcome]:
        if not names:
            return {}
        present = await self._all(TOPICS)
        outcomes = await self._each(self._without_topic(name, present.get(object_name(name))) for name in names)
        return dict(zip(names, outcomes, strict=True))

    async def _without_topic(self, name: str, now: Object | None) -> Outcome:
        if now is None or self._strimzi.foreign(now):
            return Outcome()
        await self._delete(TOPICS, now)
        text = f"Strimzi has not removed topic {name} yet: is its Topic Operator running?"
        return Outcome(fault=Fault(WAITING, text, unknown=True))

    async def bring_users(self, accounts: Sequence[Account], *, complete: bool) -> Mapping[str, Outcome]:
        present = await self._all(USERS)
        outcomes = await self._each(self._user(account, present.get(account.user)) for account in accounts)
        found = {account.user: outcome for account, outcome in zip(accounts, outcomes, strict=True)}
        wanted = {account.user for account in accounts}
        gone = [body for name, body in present.items() if complete and name not in wanted and self._is_managed(body)]
        await self._each(self._without_user(body) for body in gone)
        found |= {body["metadata"]["name"]: Outcome((f"removed user {body['metadata']['name']}",)) for body in gone}
        try:
            # The credentials of somebody else's user of that name are not for ours.
            own = [each for each in accounts if (fault := found[each.user].fault) is None or fault.reason != _TAKEN]
            await self._copies.bring(own, complete=complete)
        except KubernetesError as error:
            raise BackendUnavailable(f"Strimzi's Secrets cannot be copied: {error}") from error
        return found

    async def _user(self, account: Account, now: Object | None) -> Outcome:
        if now is not None and (why := self._strimzi.foreign(now)):
            return Outcome(fault=Fault(_TAKEN, f"the KafkaUser {account.user} {why}: choose another name"))
        if now is not None and account.managed and not self._is_managed(now):
            text = f"there is a KafkaUser {account.user} that the operator did not make: give the service another name"
            return Outcome(fault=Fault(_TAKEN, text))
        wanted = self._strimzi.user(account, await self._password(account))
        if now is not None and is_as(now, wanted):
            return Outcome(fault=user_fault(now))
        applied = await self._apply(USERS, wanted)
        return Outcome(("created" if now is None else "declared anew",), user_fault(applied))

    async def _password(self, account: Account) -> tuple[str, str]:
        """Name and key of a Secret beside Kafka: the one there is, or a copy of it where Kafka is elsewhere."""
        if account.secret and account.secret[0] == self._strimzi.namespace:
            return account.secret[1], account.secret[2]
        name = f"{account.user}-mercato-password"
        content = {"password": encoded(account.password)}
        wanted = self._strimzi.secret(self._strimzi.namespace, name, content, "kafka-password")
        if not is_as(await self._copies.one(self._strimzi.namespace, name) or {}, wanted):
            await self._apply(SECRETS, wanted)
        return name, "password"

    async def _without_user(self, body: Object) -> None:
        await self._delete(USERS, body)
        name = f"{body['metadata']['name']}-mercato-password"
        if secret := await self._copies.one(self._strimzi.namespace, name):
            await self._delete(SECRETS, secret)

    def _is_managed(self, body: Object) -> bool:
        return self._strimzi.is_ours(body) and body["metadata"]["labels"].get(MANAGED_USER) == "true"

    async def _all(self, resource: Resource) -> dict[str, Object]:
        """Those of other clusters too: a name is taken by whoever has it."""
        try:
            items, _ = await self._client.list(resource, self._strimzi.namespace)
        except KubernetesError as error:
            remedy = "; is Strimzi installed?" if error.not_found else ""
            raise BackendUnavailable(f"{resource} cannot be listed: {error}{remedy}") from error
        return {item["metadata"]["name"]: item for item in items}

    async def _apply(self, resource: Resource, wanted: Object) -> Object:
        metadata = wanted["metadata"]
        return await self._client.apply(resource, metadata["namespace"], metadata["name"], wanted, MANAGER)

    async def _delete(self, resource: Resource, body: Object) -> None:
        metadata = body["metadata"]
        await self._client.delete(resource, metadata["namespace"], metadata["name"], metadata["uid"])

    async def _each(self, work: Iterable[object]) -> list[Outcome]:
        """A refusal is the fault of its own object."""

        async def limited(one: object) -> Outcome:
            async with self._limit:
                try:
                    return await one or Outcome()  # type: ignore[misc]
                except KubernetesError as error:
                    return Outcome(fault=Fault("NotAccepted", str(error), unknown=not 400 <= error.status < 500))

        return list(await asyncio.gather(*map(limited, work)))

    async def close(self) -> None:
        """There is nothing to give up."""
