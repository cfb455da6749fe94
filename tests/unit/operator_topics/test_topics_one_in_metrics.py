"""Of two objects whose topics are one to Kafka's metrics, the younger does nothing and names the other."""

from typing import Any

import pytest

from tests.unit.operator_topics.topics_world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("older", "younger", "taken"),
    [
        ({"topicName": "order_events"}, {"topicName": "order.events"}, "order_events"),
        ({"topicName": "order"}, {"topicName": "order_mail_dead-letter", "consumers": []}, "order.mail.dead-letter"),
        ({"topicName": "order_mail.dead-letter", "consumers": []}, {"topicName": "order"}, "order_mail.dead-letter"),
    ],
)
async def test_the_younger_is_refused_and_names_the_other(
    world: World, older: dict[str, Any], younger: dict[str, Any], taken: str
) -> None:
    world.put("a", created="2026-01-01T00:00:00Z", **{"consumers": ["mail"], **older})
    world.put("b", created="2026-01-02T00:00:00Z", **{"consumers": ["mail"], **younger})
    await world.settle()
    for type_, status in (("Conflict", "True"), ("Ready", "False")):
        condition = world.condition("b", type_)
        assert condition["status"] == status
        assert f"cannot be beside topic {taken} of OrderTopic shop/a, which is older" in condition["message"]
    assert world.condition("a", "Conflict")["status"] == "False"
    assert taken in world.kafka.topics
    assert str(younger["topicName"]) not in world.kafka.topics


async def test_it_is_made_when_the_other_is_gone(world: World) -> None:
    world.put("a", created="2026-01-01T00:00:00Z", topicName="order_events", deletionPolicy="Delete")
    world.put("b", created="2026-01-02T00:00:00Z", topicName="order.events")
    await world.settle()
    world.end("a")
    await world.run()
    await world.settle()
    assert world.kafka.topics.keys() == {"order.events"}
    assert world.condition("b")["status"] == "True"


async def test_one_that_kafka_has_already_is_named(world: World) -> None:
    world.put("a", topicName="order_events")
    await world.settle()
    world.api.objects.clear()
    world.put("b", topicName="order.events")
    await world.settle()
    ready = world.condition("b")
    assert (ready["status"], ready["reason"]) == ("False", "KafkaRefused")
    assert "order_events, which Kafka has already" in ready["message"]
