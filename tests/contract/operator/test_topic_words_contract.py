"""What people write of a topic, as every backend takes it: numbers and truths, and names that are one to Kafka."""

from typing import Any
from uuid import uuid4

import pytest
from mercato_operator.kafka.topics import Topic, order_topic

from tests.contract.operator.conftest import Reality

CONFIG: dict[str, Any] = {
    "max.message.bytes": 10_000_000,
    "delete.retention.ms": 604_800_000.0,
    "min.cleanable.dirty.ratio": 0.0001,
    "preallocate": False,
    "unclean.leader.election.enable": "TRUE",
    "segment.bytes": " 1073741824 ",
    "cleanup.policy": "compact, delete",
    "max.compaction.lag.ms": "0009000",
}


def declared(name: str, config: dict[str, Any]) -> list[Topic]:
    head = {"apiVersion": "mercato.dev/v1alpha1", "kind": "OrderTopic", "metadata": {"name": name}}
    return order_topic({**head, "spec": {"partitions": 1, "config": config}}, "x.yaml").topics()


async def test_settings_of_any_type_are_set_once_and_never_look_changed(reality: Reality) -> None:
    name = f"test.{uuid4().hex}"
    wanted = declared(name, CONFIG)
    made = (await reality.backend.bring_topics(wanted))[name]
    assert made.fault is None, made.fault
    for _ in range(2):
        again = (await reality.backend.bring_topics(wanted))[name]
        assert (again.done, again.fault) == ((), None)
    assert reality.setting(name, "max.message.bytes") == "10000000"
    assert reality.setting(name, "delete.retention.ms") == "604800000"
    assert reality.setting(name, "preallocate") == "false"


@pytest.mark.parametrize("other", ["{}.order.events", "{}_order_events", "{}.order_events"])
async def test_a_name_that_is_one_with_another_to_kafkas_metrics_is_refused_by_both_names(
    reality: Reality, other: str
) -> None:
    stem = f"t{uuid4().hex}"
    first, second = f"{stem}_order.events", other.format(stem)
    await reality.backend.bring_topics([Topic(first, 1, 1)])
    outcomes = await reality.backend.bring_topics([Topic(first, 1, 1), Topic(second, 1, 1), Topic(f"{stem}.x", 1, 1)])
    fault = outcomes[second].fault
    assert fault is not None
    assert (fault.reason, fault.unknown) == ("KafkaRefused", False)
    assert first in fault.message
    assert second in fault.message
    assert outcomes[first].fault is None
    assert outcomes[f"{stem}.x"].fault is None
    assert reality.partitions(second) is None
