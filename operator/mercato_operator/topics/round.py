"""One pass: list, plan, write down what is about to be made, bring it about, clean up, tell the objects."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mercato_operator.kafka.backend import UNAVAILABLE, Backend, BackendUnavailable, Fault, Outcome
from mercato_operator.kafka.progress import NOTHING_KNOWN, Read
from mercato_operator.kafka.topics import Topic
from mercato_operator.topics import status
from mercato_operator.topics.declarations import Declaration, Key
from mercato_operator.topics.derived import accounts, reads
from mercato_operator.topics.objects import ORDER_TOPICS, Objects
from mercato_operator.topics.plan import Plan, plan
from mercato_operator.topics.reporting import Reporter
from mercato_operator.topics.status import Found
from mercato_operator.topics.user_states import user_states
from mercato_operator.topics.uses import Use, Uses

__all__ = ["ORDER_TOPICS", "TopicsPass"]
Outcomes = Mapping[str, Outcome]
_USER_TAKEN: Final = Fault("UserExists", "this is a user of the platform itself: give the service another name")


class TopicsPass:
    """`home` is the operator's own namespace; `passwords` are those of the platform's own users, read again each time.

    `secret` (namespace, name) is where they come from. `replicas` other than 0 takes the place of what is declared.
    `users`: whether users and rights are seen to. `observer`: the platform's own user who may read all topics.
    """

    def __init__(
        self,
        objects: Objects,
        backend: Backend,
        uses: Uses,
        reporter: Reporter,
        *,
        home: str,
        passwords: Callable[[], Mapping[str, str]] = dict,
        secret: tuple[str, str] | None = None,
        replicas: int = 0,
        users: bool = True,
        observer: str = "",
    ) -> None:
        self._objects, self._backend, self._uses, self._reporter = objects, backend, uses, reporter
        self._home, self._passwords, self._secret, self._replicas = home, passwords, secret, replicas
        self._users, self._observer = users, observer
        self.logs = NOTHING_KNOWN
        """How far groups have come; whoever looks puts it here."""
        self.reads: Sequence[Read] = ()
        """What to look at."""

    async def run(self) -> bool:
        """Whether something is still to be done soon. Raises KubernetesError where not even a list came."""
        declarations = await self._objects.read()
        uses, synced = self._uses.all(), self._uses.synced and self._objects.complete
        declarations = await self._objects.hold(declarations)
        wanted = plan(declarations, uses.values(), self._home)
        recorded = {each.key: each.recorded for each in declarations}
        declarations = await self._objects.remember(declarations, wanted)
        # Planned anew: what is remembered says which keys go back to their default, and who could not be held.
        wanted = plan(declarations, uses.values(), self._home)
        topics = await self._bring_topics(self._copies(wanted.topics))
        users, known = await self._bring_users(wanted, uses, synced=synced)
        self.reads = reads(wanted)
        found = Found(topics, users, known if self._users else None, self.logs)
        ends = await self._end(declarations, wanted)
        statuses = {each.key: _status(each, wanted, found, ends) for each in declarations}
        told = await self._objects.write(declarations, statuses)
        self._uses.told(user_states(uses.values(), wanted, found))
        self._reporter.tell(declarations, statuses, wanted, found, recorded)
        return not told or any(
            outcome.fault and outcome.fault.unknown for outcome in (*topics.values(), *users.values())
        )

    def _copies(self, topics: list[Topic]) -> list[Topic]:
        return [replace(topic, replicas=self._replicas) for topic in topics] if self._replicas else topics

    async def _bring_topics(self, topics: list[Topic]) -> Outcomes:
        try:
            return await self._backend.bring_topics(topics)
        except BackendUnavailable as error:
            return _none({topic.name for topic in topics}, error)

    async def _bring_users(
        self, wanted: Plan, uses: Mapping[str, Use], *, synced: bool
    ) -> tuple[Outcomes, frozenset[str]]:
        """What became of users, and which there are."""
        named = frozenset(wanted.access.keys() | uses.keys())
        try:
            passwords = self._passwords()
            wished = accounts(wanted, uses, passwords, self._secret, self._observer)
            outcomes = await self._backend.bring_users(wished, complete=synced)
        except BackendUnavailable as error:
            return _none(named, error), named
        taken = {user: Outcome(fault=_USER_TAKEN) for user in uses.keys() & passwords.keys()}
        return {**outcomes, **taken}, frozenset(passwords.keys() | uses.keys())

    async def _end(self, declarations: Sequence[Declaration], wanted: Plan) -> Mapping[Key, Fault | None]:
        """Removes the topics of objects that end under `Delete`, unless another one wants them, then lets them go."""
        ending = [each for each in declarations if each.deleting and each.held]
        alive = {topic.name for topic in wanted.topics}
        dying = {each.key: sorted(each.recorded - alive) if each.removes else [] for each in ending}
        doomed = {name for names in dying.values() for name in names}
        try:
            outcomes = await self._backend.remove_topics(sorted(doomed))
        except BackendUnavailable as error:
            outcomes = _none(doomed, error)
        faults = {
            key: next((outcomes[name].fault for name in names if outcomes[name].fault), None)
            for key, names in dying.items()
        }
        await self._objects.release(each for each in ending if faults[each.key] is None)
        return faults


def _status(
    each: Declaration, wanted: Plan, found: Found, ends: Mapping[Key, Fault | None]
) -> dict[str, object] | None:
    """None where there is nothing to say."""
    now = datetime.now(UTC)
    if each.deleting:
        fault = ends.get(each.key)
        return status.of_deleted(each, fault, now) if fault else None
    if each.declared is None:
        return status.of_invalid(each, now)
    if each.key in wanted.conflicts:
        return status.of_conflict(each, wanted.conflicts[each.key], now)
    return status.of_planned(each, wanted.planned[each.key], found, now)


def _none(names: Collection[str], error: BackendUnavailable) -> Outcomes:
    return dict.fromkeys(names, Outcome(fault=Fault(UNAVAILABLE, str(error), unknown=True)))
