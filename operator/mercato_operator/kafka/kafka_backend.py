"""Topics and users through Kafka's admin API, whose blocking client runs in a thread of its own."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mercato_operator.kafka.admin import KafkaTopics
from mercato_operator.kafka.backend import Account, BackendUnavailable, Fault, Outcome
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.record import Record
from mercato_operator.kafka.topics import Topic
from mercato_operator.kafka.users import KafkaUsers
from services.chassis.kube.client import KubernetesError

log = logging.getLogger(__name__)

T = TypeVar("T")
HUNG_AFTER: Final = 60.0
"""Seconds for one call of many requests; each request has a shorter limit of its own."""


class KafkaBackend:
    """`connect` makes a connection, also a new one for a thread that hung. `users`: whether clients sign in at all."""

    def __init__(self, connect: Callable[[], Connection], record: Record, *, users: bool = True) -> None:
        self._connect, self._record, self._manages_users = connect, record, users
        self._thread = ThreadPoolExecutor(1, "kafka-admin")
        self._topics: KafkaTopics | None = None
        self._users: KafkaUsers | None = None

    async def bring_topics(self, topics: Sequence[Topic]) -> Mapping[str, Outcome]:
        return await self._run(lambda: self._admin()[0].bring(topics)) if topics else {}

    async def remove_topics(self, names: Collection[str]) -> Mapping[str, Outcome]:
        return await self._run(lambda: self._admin()[0].remove(names)) if names else {}

    async def bring_users(self, accounts: Sequence[Account], *, complete: bool) -> Mapping[str, Outcome]:
        if not self._manages_users:
            return {each.user: Outcome() for each in accounts}
        try:
            return await self._bring_users(accounts, complete=complete)
        except KubernetesError as error:
            raise BackendUnavailable(f"the record of Kafka's users cannot be kept: {error}") from error

    async def _bring_users(self, accounts: Sequence[Account], *, complete: bool) -> Mapping[str, Outcome]:
        known = await self._record.read()
        given = {each.user for each in accounts if not each.managed}
        wanted = {each.user for each in accounts if each.managed} - given
        strangers = await self._strangers(wanted - known.ours)
        if new := frozenset(wanted - strangers - known.made):
            known = known.making(new)
            await self._record.write(known)
        outcomes = {user: Outcome(fault=_stranger(user)) for user in strangers}
        ours = [each for each in accounts if each.user not in strangers and each.managed == (each.user in wanted)]
        outcomes |= await self._run(lambda: self._admin()[1].bring(ours)) if ours else {}
        if complete and (gone := known.made - wanted - given):
            removed = await self._run(lambda: self._admin()[1].retire(gone))
            outcomes |= removed
            done = frozenset(user for user, outcome in removed.items() if outcome.fault is None)
            await self._record.write(known.retired(done))
        return outcomes

    async def _strangers(self, new: Collection[str]) -> frozenset[str]:
        """Those of the names that somebody else has made."""
        if not new:
            return frozenset()
        return frozenset(new) & await self._run(self._present)

    def _present(self) -> set[str]:
        return self._admin()[1].present()

    def _admin(self) -> tuple[KafkaTopics, KafkaUsers]:
        if self._topics is None or self._users is None:
            connection = self._connect()
            self._topics, self._users = KafkaTopics(connection), KafkaUsers(connection)
        return self._topics, self._users

    async def _run(self, work: Callable[[], T]) -> T:
        """In the thread. Raises BackendUnavailable."""
        try:
            async with asyncio.timeout(HUNG_AFTER):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except KafkaAdminError as error:
            raise BackendUnavailable(str(error)) from error
        except TimeoutError:
            log.warning("Kafka's admin client hung for %.0f s and is replaced", HUNG_AFTER)
            await self.close()
            self._thread = ThreadPoolExecutor(1, "kafka-admin")
            raise BackendUnavailable(
                f"Kafka's admin client had no answer in {HUNG_AFTER:.0f} s: see the brokers"
            ) from None

    async def close(self) -> None:
        self._topics = self._users = None
        self._thread.shutdown(wait=False, cancel_futures=True)


def _stranger(user: str) -> Fault:
    text = f"Kafka has a user {user} that the operator did not make: give the service another name, or remove the user"
    return Fault("UserExists", text)
