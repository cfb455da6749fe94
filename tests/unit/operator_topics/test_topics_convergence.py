"""From any interleaving of changes, drift and crashes, Kafka ends as the last specs ask for."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_kafka import Log
from tests.unit.operator_topics.topics_world import World

NAMES = ("a", "b", "c")
USERS = ("loyalty", "points")
_specs = st.fixed_dictionaries(
    {
        "topicName": st.sampled_from(["t1", "t2", "t3"]),
        "partitions": st.integers(1, 3),
        "allowRepartition": st.just(True),
        "deletionPolicy": st.sampled_from(["Retain", "Delete"]),
        "consumers": st.lists(st.sampled_from(["product", "order", "points"]), unique=True, max_size=2),
        "producers": st.lists(st.sampled_from(["order", "loyalty"]), unique=True),
        "retry": st.builds(lambda enabled: {"enabled": enabled}, st.booleans()),
        "config": st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"])),
    }
)
_name, _topic = st.sampled_from(NAMES), st.sampled_from(["t1", "t2", "t3"])
_operations = st.one_of(
    st.tuples(st.just("put"), _name, _specs),
    st.tuples(st.just("put"), _name, _specs),
    st.tuples(st.just("end"), _name, st.none()),
    st.tuples(st.just("want"), st.sampled_from(USERS), st.frozensets(_topic, max_size=2)),
    st.tuples(st.just("forget"), st.sampled_from(USERS), st.none()),
    st.tuples(st.just("steal"), _topic, st.none()),
    st.tuples(st.just("tamper"), _topic, st.none()),
    st.tuples(st.just("pass"), st.integers(0, 25), st.none()),
    st.tuples(st.just("pass"), st.none(), st.none()),
    st.tuples(st.just("away"), st.booleans(), st.none()),
)


class Story:
    """What people do to a world, and what it should come to."""

    def __init__(self) -> None:
        self.world = World()
        self.kept: set[str] = set()
        """Topics whose objects ended under `Retain`, or that somebody else may have made: they may be there."""
        self.day = 0

    async def tell(self, what: str, who: Any, how: Any) -> None:
        await getattr(self, f"_{what}")(who, how)

    async def _put(self, name: str, spec: dict[str, Any]) -> None:
        found = self.world.object(name)
        if found is not None:
            if "deletionTimestamp" in found["metadata"]:
                return
            if spec["partitions"] < found["spec"]["partitions"]:  # as the definition refuses it
                spec = {**spec, "partitions": found["spec"]["partitions"]}
            spec = {**spec, "topicName": found["spec"]["topicName"]}
        else:
            self.day += 1
        self.world.put(name, created=f"2026-01-{self.day % 28 + 1:02}T00:00:{self.day // 28:02}Z", **spec)

    async def _end(self, name: str, _how: None) -> None:
        found = self.world.object(name)
        if found is not None and "deletionTimestamp" not in found["metadata"]:
            # Under Delete without a finalizer yet, nothing was made for it as such: what is there is an earlier one's.
            if found["spec"]["deletionPolicy"] == "Retain" or not found["metadata"].get("finalizers"):
                self.kept.add(found["spec"]["topicName"])
            self.world.end(name)

    async def _want(self, user: str, topics: frozenset[str]) -> None:
        self.world.want(user, consumes=set(topics), produces={"t1"})

    async def _forget(self, user: str, _how: None) -> None:
        self.world.forget(user)

    async def _steal(self, topic: str, _how: None) -> None:
        self.world.kafka.topics.pop(topic, None)

    async def _tamper(self, topic: str, _how: None) -> None:
        for log in self.world.kafka.topics.values():
            log.config["retention.ms"] = "7"
        self.world.kafka.rights.clear()

    async def _pass(self, steps: int | None, _how: None) -> None:
        self.world.steps = steps
        await self.world.run()
        self.world.steps = None

    async def _away(self, away: bool, _how: None) -> None:
        self.world.kafka.away = away

    async def end(self) -> None:
        """Kafka answers again, and nothing else happens."""
        self.world.kafka.away, self.world.steps = False, None
        self.world.start()
        await self.world.settle()

    def check(self) -> None:
        live = [one for key, one in self.world.api.objects.items() if key[0] == "ordertopics"]
        assert not [one for one in live if "deletionTimestamp" in one["metadata"]], "stuck"
        owners: dict[str, Any] = {}
        for one in sorted(live, key=lambda one: (one["metadata"]["creationTimestamp"], one["metadata"]["name"])):
            owners.setdefault(one["spec"]["topicName"], one)
        wanted: set[str] = set()
        users: dict[str, set[str]] = {}
        for name, one in owners.items():
            spec = one["spec"]
            consumers = {*spec["consumers"], *(u for u, use in self.world.uses.items() if name in use.consumes)}
            kinds = ("retry", "dead-letter") if spec["retry"]["enabled"] else ("dead-letter",)
            names = {name, *(f"{name}.{group}.{kind}" for group in consumers for kind in kinds)}
            wanted |= names
            self._check_log(name, one)
            for user in consumers:
                users.setdefault(user, set()).update(names_of(names, name, user))
        assert wanted <= self.world.kafka.topics.keys()
        spare = self.world.kafka.topics.keys() - wanted
        alive = self.kept | owners.keys()
        assert not [name for name in spare if name.split(".")[0] not in alive], "orphans"
        for one in live:
            owned = owners[one["spec"]["topicName"]] is one
            ready = self.world.condition(one["metadata"]["name"])
            assert (ready["status"] == "True") == (owned and ready["reason"] == "AsDeclared")
            assert (self.world.condition(one["metadata"]["name"], "Conflict")["status"] == "True") == (not owned)
            assert ("mercato.dev/cleanup" in one["metadata"].get("finalizers", ())) == (
                one["spec"]["deletionPolicy"] == "Delete"
            )
        self._check_users(users)

    def _check_log(self, name: str, one: Any) -> None:
        log: Log = self.world.kafka.topics[name]
        assert log.config["retention.ms"] == "604800000"
        assert one["spec"]["config"].items() <= log.config.items()
        if name not in self.kept and self.world.object(one["metadata"]["name"])["status"]["topics"]:
            reason = self.world.condition(one["metadata"]["name"])["reason"]
            assert log.partitions == one["spec"]["partitions"] or reason == "PartitionsNeverShrink"

    def _check_users(self, reads: dict[str, set[str]]) -> None:
        kafka = self.world.kafka
        assert kafka.record == set(self.world.uses)
        assert kafka.passwords.keys() == {"order", "product", *self.world.uses}
        for user in kafka.passwords:
            granted = {
                one.name for one in kafka.rights.get(user, ()) if one.operation == "Read" and one.kind == "topic"
            }
            assert granted == {name for name in reads.get(user, ()) if not name.endswith(".dead-letter")}


def names_of(names: set[str], topic: str, user: str) -> set[str]:
    """Those that the user has to do with as a consumer."""
    return {name for name in names if name == topic or name.startswith(f"{topic}.{user}.")}


@settings(max_examples=300, deadline=None)
@given(st.lists(_operations, max_size=25))
def test_kafka_ends_as_the_last_specs_ask_for(operations: list[tuple[str, Any, Any]]) -> None:
    async def run() -> None:
        story = Story()
        for what, who, how in operations:
            await story.tell(what, who, how)
        await story.end()
        story.check()

    asyncio.run(run())
