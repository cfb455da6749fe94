"""What becomes of OrderTopics: on a fake API server and a fake Kafka, a pass at a time."""

import pytest
from mercato_operator.kafka.acls import Access

from services.chassis.kube.client import KubernetesError
from tests.support.fake_kafka import Log
from tests.unit.operator_topics.topics_world import HOME, World


@pytest.fixture
def world() -> World:
    return World()


async def test_an_object_becomes_its_topics_and_is_ready(world: World) -> None:
    world.put("order.events", partitions=6, consumers=["product"], producers=["order"], retry={"enabled": True})
    await world.settle()
    assert {name: log.partitions for name, log in world.kafka.topics.items()} == {
        "order.events": 6,
        "order.events.product.retry": 6,
        "order.events.product.dead-letter": 1,
    }
    ready = world.condition("order.events")
    assert (ready["status"], ready["reason"], ready["observedGeneration"]) == ("True", "AsDeclared", 1)
    status = world.object("order.events")["status"]
    assert (status["topic"], status["partitions"], status["observedGeneration"]) == ("order.events", 6, 1)
    assert world.condition("order.events", "Conflict")["status"] == "False"
    assert world.condition("order.events", "AccessGranted")["status"] == "True"
    assert Access("topic", "order.events", "Write") in world.kafka.rights["order"]


async def test_a_pass_that_finds_all_as_declared_writes_nothing(world: World) -> None:
    world.put("a", consumers=["product"])
    await world.settle()
    writes = world.api.writes
    await world.run()
    assert world.api.writes == writes


async def test_what_somebody_removed_or_changed_is_put_back_and_told(world: World) -> None:
    world.put("a", consumers=["product"], retry={"enabled": True})
    await world.settle()
    del world.kafka.topics["a.product.retry"]
    world.kafka.topics["a"].config["retention.ms"] = "1"
    world.kafka.rights["product"] = frozenset()
    world.news.clear()
    await world.settle()
    assert world.kafka.topics["a.product.retry"].partitions == 1
    assert world.kafka.topics["a"].config["retention.ms"] == "604800000"
    assert world.kafka.rights["product"]
    assert {one.reason for one in world.news} == {"PutBack"}
    assert len(world.news) == 2


async def test_retained_topics_outlive_their_object_and_no_finalizer_is_set(world: World) -> None:
    world.put("a", consumers=["product"])
    await world.settle()
    assert "finalizers" not in world.object("a")["metadata"]
    world.end("a")
    await world.settle()
    assert world.object("a") is None
    assert world.kafka.topics.keys() == {"a", "a.product.dead-letter"}
    assert world.kafka.rights["product"] == frozenset()


async def test_under_delete_the_topics_go_with_the_object_also_those_of_former_consumers(world: World) -> None:
    world.put("a", consumers=["product", "order"], deletionPolicy="Delete")
    await world.settle()
    world.put("a", consumers=["product"], deletionPolicy="Delete")
    await world.settle()
    assert "a.order.dead-letter" in world.kafka.topics
    world.end("a")
    await world.settle()
    assert world.object("a") is None
    assert not world.kafka.topics


async def test_a_policy_that_goes_back_to_retain_takes_the_finalizer_off(world: World) -> None:
    world.put("a", deletionPolicy="Delete")
    await world.settle()
    assert world.object("a")["metadata"]["finalizers"] == ["mercato.dev/cleanup"]
    world.put("a", deletionPolicy="Retain")
    await world.settle()
    assert world.object("a")["metadata"]["finalizers"] == []
    world.end("a")
    assert world.object("a") is None
    assert "a" in world.kafka.topics


async def test_a_policy_that_becomes_retain_while_the_object_ends_keeps_the_topics(world: World) -> None:
    world.put("a", deletionPolicy="Delete")
    await world.settle()
    world.end("a")
    world.put("a", deletionPolicy="Retain")
    await world.settle()
    assert world.object("a") is None
    assert "a" in world.kafka.topics


async def test_of_two_objects_the_older_has_the_topic_and_the_younger_does_nothing(world: World) -> None:
    world.put("a", created="2026-01-01T00:00:00Z", partitions=2)
    world.put("b", created="2026-01-02T00:00:00Z", topicName="a", consumers=["product"], deletionPolicy="Delete")
    await world.settle()
    assert world.kafka.topics == {"a": Log(2, 1, {"retention.ms": "604800000"})}
    conflict = world.condition("b", "Conflict")
    assert (conflict["status"], conflict["reason"]) == ("True", "TopicTaken")
    assert "OrderTopic shop/a" in conflict["message"]
    assert world.condition("b")["status"] == "False"
    world.end("b")
    await world.settle()
    assert world.object("b") is None
    assert "a" in world.kafka.topics


async def test_the_younger_takes_over_when_the_older_goes_and_no_message_is_lost(world: World) -> None:
    world.put("a", created="2026-01-01T00:00:00Z", partitions=2, deletionPolicy="Delete")
    await world.settle()
    held = world.kafka.topics["a"]
    world.put("b", created="2026-01-02T00:00:00Z", topicName="a", partitions=2)
    await world.settle()
    world.end("a")
    await world.settle()
    assert world.object("a") is None
    assert world.kafka.topics["a"] is held
    assert world.condition("b")["status"] == "True"


async def test_a_derived_topic_is_a_conflict_too(world: World) -> None:
    world.put("a", created="2026-01-01T00:00:00Z", consumers=["product"])
    world.put("a.product.dead-letter", created="2026-01-02T00:00:00Z")
    await world.settle()
    assert world.condition("a.product.dead-letter", "Conflict")["status"] == "True"


async def test_garbage_is_told_and_harms_no_other(world: World) -> None:
    world.put("a", retention="a week")
    world.put("b")
    await world.settle()
    ready = world.condition("a")
    assert (ready["status"], ready["reason"]) == ("False", "Invalid")
    assert ready["message"].startswith("spec.retention: write a duration")
    assert world.condition("b")["status"] == "True"
    assert world.kafka.topics.keys() == {"b"}


async def test_what_kafka_refuses_is_told_and_harms_no_other(world: World) -> None:
    world.put("a", replicas=9)
    world.put("b")
    await world.settle()
    ready = world.condition("a")
    assert (ready["status"], ready["reason"]) == ("False", "KafkaRefused")
    assert world.condition("b")["status"] == "True"


async def test_while_kafka_is_away_nothing_is_known_and_then_all_is_made(world: World) -> None:
    world.put("a")
    world.kafka.away = True
    assert await world.run()
    ready = world.condition("a")
    assert (ready["status"], ready["reason"]) == ("Unknown", "KafkaUnavailable")
    world.kafka.away = False
    await world.settle()
    assert world.condition("a")["status"] == "True"


async def test_partitions_that_are_there_already_are_told_with_what_to_do(world: World) -> None:
    world.kafka.topics["a"] = Log(8, 1, {})
    world.put("a", partitions=2)
    await world.settle()
    ready = world.condition("a")
    assert (ready["status"], ready["reason"]) == ("False", "PartitionsNeverShrink")
    assert "declare 8" in ready["message"]
    assert world.object("a")["status"]["partitions"] == 8
    assert world.kafka.topics["a"].config == {"retention.ms": "604800000"}


async def test_a_key_that_leaves_the_configuration_goes_back_to_its_default(world: World) -> None:
    world.put("a", config={"max.message.bytes": "2000"})
    world.kafka.topics["a"] = Log(1, 1, {"segment.ms": "1"})
    await world.settle()
    world.put("a")
    await world.settle()
    assert world.kafka.topics["a"].config == {"retention.ms": "604800000", "segment.ms": "1"}
    assert "configured" not in world.object("a")["status"]


async def test_a_service_that_names_a_topic_has_its_retry_and_dead_letters_and_rights(world: World) -> None:
    world.put("a", retry={"enabled": True})
    world.want("loyalty", consumes={"a"})
    await world.settle()
    assert world.kafka.topics.keys() == {"a", "a.loyalty.retry", "a.loyalty.dead-letter"}
    assert Access("group", "loyalty", "Read") in world.kafka.rights["loyalty"]
    assert world.kafka.passwords["loyalty"] == "word-loyalty"
    state = world.told.state("loyalty")
    assert state is not None
    assert state.ready
    world.forget("loyalty")
    await world.settle()
    assert "loyalty" not in world.kafka.passwords.keys() | world.kafka.rights.keys() | world.kafka.record
    assert "a.loyalty.dead-letter" in world.kafka.topics


async def test_a_namespace_that_cannot_be_seen_holds_up_no_other_and_costs_nobody_a_right(world: World) -> None:
    world.kafka.record, world.kafka.passwords = {"loyalty"}, {"loyalty": "x"}
    world.api.closed = {"team"}
    world.put("a")
    await world.settle()
    assert "a" in world.kafka.topics
    assert "loyalty" in world.kafka.passwords
    world.api.closed = set()
    await world.settle()
    assert "loyalty" not in world.kafka.passwords


async def test_the_operators_own_namespace_must_be_seen(world: World) -> None:
    world.api.closed = {HOME}
    with pytest.raises(KubernetesError):
        await world.run()


async def test_users_go_only_when_all_uses_are_told(world: World) -> None:
    world.kafka.record, world.kafka.passwords = {"loyalty"}, {"loyalty": "x"}
    world.told.synced = False
    await world.run()
    assert "loyalty" in world.kafka.passwords
    world.told.synced = True
    await world.run()
    assert "loyalty" not in world.kafka.passwords


async def test_a_service_that_names_no_declared_topic_is_told(world: World) -> None:
    world.want("loyalty", consumes={"nothing"})
    await world.settle()
    state = world.told.state("loyalty")
    assert state is not None
    assert (state.ready, state.reason) == (False, "UnknownTopic")


@pytest.mark.parametrize("user", ["order", "stranger"])
async def test_a_user_that_is_not_the_operators_is_left_alone(world: World, user: str) -> None:
    world.kafka.passwords["stranger"] = "theirs"
    world.put("a")
    world.want(user, consumes={"a"})
    await world.settle()
    state = world.told.state(user)
    assert state is not None
    assert (state.ready, state.reason) == (False, "UserExists")
    assert world.kafka.passwords["stranger"] == "theirs"
    assert world.kafka.passwords["order"] == "o"


async def test_passwords_that_cannot_be_read_are_told_and_the_topics_are_made(world: World) -> None:
    world.put("a", consumers=["product"])
    world.unreadable = True
    await world.run()
    assert "a" in world.kafka.topics
    access = world.condition("a", "AccessGranted")
    assert (access["status"], access["reason"]) == ("Unknown", "KafkaUnavailable")
    assert "order is empty" in access["message"]
    world.unreadable = False
    await world.settle()
    assert world.condition("a", "AccessGranted")["status"] == "True"


async def test_a_name_that_nobody_has_is_told_and_the_topic_is_ready(world: World) -> None:
    world.put("a", consumers=["nobody"])
    await world.settle()
    access = world.condition("a", "AccessGranted")
    assert (access["status"], access["reason"]) == ("False", "UnknownUsers")
    assert world.condition("a")["status"] == "True"


async def test_services_of_another_namespace_are_named_with_it(world: World) -> None:
    world.put("b", namespace="team", consumers=["points"])
    world.want("team.points", consumes={"b"})
    await world.settle()
    assert world.kafka.topics.keys() == {"b", "b.team.points.dead-letter"}
    assert Access("group", "team.points", "Read") in world.kafka.rights["team.points"]


async def test_an_object_that_others_change_meanwhile_is_held_all_the_same(world: World) -> None:
    world.put("a", deletionPolicy="Delete")
    merge = world.api.merge
    changes = iter([1, 2])

    async def busy(*arguments: object) -> object:
        if next(changes, None):
            world.put("a", deletionPolicy="Delete", partitions=world.object("a")["spec"]["partitions"] + 1)
        return await merge(*arguments)  # type: ignore[arg-type]

    world.api.merge = busy  # type: ignore[assignment]
    await world.settle()
    assert world.object("a")["metadata"]["finalizers"] == ["mercato.dev/cleanup"]
    assert world.kafka.topics["a"].partitions == 3
