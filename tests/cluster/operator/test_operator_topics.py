"""OrderTopics on a real API server and a real Kafka: made, changed, put back, ended, by the operator's own process."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
import yaml
from confluent_kafka import Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it names no exports
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from mercato_operator.kafka.bindings import of_everyone

from tests.cluster.operator.conftest import PASSWORDS, Topics, kafka_settings
from tests.cluster.operator.operator_process import ROOT, Operator, until_active
from tests.support.administrator import Administrator
from tests.support.api_server import ApiServer
from tests.support.closed_kafka import security
from tests.support.serving import until

PUT_BACK_SECONDS = 30


@pytest.fixture
async def operator(operators: Callable[..., Operator], broker: str, tmp_path: Path) -> Operator:
    """At work."""
    made = operators(**kafka_settings(broker, tmp_path))
    made.start()
    await until_active(made)
    return made


def setting(kafka: AdminClient, topic: str, key: str) -> str:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    return str(kafka.describe_configs([resource])[resource].result(10)[key].value)


def change(kafka: AdminClient, topic: str, key: str, value: str) -> None:
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    kafka.incremental_alter_configs([resource])[resource].result(10)


def rights(kafka: AdminClient, user: str) -> set[tuple[str, str]]:
    found = kafka.describe_acls(of_everyone(), request_timeout=10).result(10)
    return {(one.name, one.operation.name) for one in found if one.principal == f"User:{user}"}


async def events(admin: Administrator, namespace: str) -> set[str]:
    return {one["reason"] for one in await admin.items(f"/api/v1/namespaces/{namespace}/events")}


async def test_the_platforms_topics_become_ready(operator: Operator, topics: Topics, kafka: AdminClient) -> None:
    names = []
    for path in sorted((ROOT / "k8s" / "topics").glob("*.yaml")):
        manifest = yaml.safe_load(path.read_text())
        names.append(manifest["metadata"]["name"])
        await topics.put(names[-1], **manifest["spec"])
    await topics.until_ready(*names)
    assert topics.present() == {
        "product.commands": 6,
        "product.commands.product.dead-letter": 1,
        "payment.commands": 6,
        "payment.commands.payment.dead-letter": 1,
        "order.replies": 6,
        "order.replies.order.dead-letter": 1,
        "order.events": 6,
        "order.events.notification.retry": 6,
        "order.events.notification.dead-letter": 1,
    }

    async def allowed() -> bool:  # a broker hears of a right a moment later
        return (topics.name("order.events"), "WRITE") in rights(kafka, "order")

    await until(allowed)
    found = await topics.get("order.events")
    assert found is not None
    assert "finalizers" not in found["metadata"]
    assert (found["status"]["topic"], found["status"]["partitions"]) == (topics.name("order.events"), 6)
    assert operator.probe("/livez") is None
    assert operator.metric("mercato_operator_reconciles_total", kind="OrderTopic", outcome="ready") > 0
    assert operator.metric("mercato_operator_active") == 1


async def test_changes_reach_kafka(operator: Operator, topics: Topics, kafka: AdminClient) -> None:
    await topics.put("a", consumers=["product"], config={"max.message.bytes": "2000"})
    await topics.until_ready("a")
    await topics.put("a", partitions=3, allowRepartition=True, retention="1d", consumers=["product", "order"])
    await topics.until_ready("a")
    assert topics.present() == {"a": 3, "a.product.dead-letter": 1, "a.order.dead-letter": 1}

    async def told() -> bool:  # a broker hears of a change a moment later
        found = [setting(kafka, topics.name("a"), key) for key in ("retention.ms", "max.message.bytes")]
        return found == ["86400000", "1048588"]

    await until(told)


async def test_what_somebody_removed_or_changed_is_put_back_within_30_s(
    operator: Operator, topics: Topics, kafka: AdminClient, admin: Administrator
) -> None:
    await topics.put("a", consumers=["product"], retry={"enabled": True})
    await topics.until_ready("a")
    gone = topics.name("a.product.retry")
    kafka.delete_topics([gone])[gone].result(10)
    change(kafka, topics.name("a"), "retention.ms", "7000")

    async def put_back() -> bool:
        return "a.product.retry" in topics.present() and setting(kafka, topics.name("a"), "retention.ms") == "604800000"

    await until(put_back, PUT_BACK_SECONDS)

    async def told() -> bool:
        return "PutBack" in await events(admin, topics.namespace)

    await until(told)
    assert operator.metric("mercato_operator_drift_total", kind="topic") >= 2


async def test_retain_keeps_the_topics_and_delete_removes_them(operator: Operator, topics: Topics) -> None:
    await topics.put("kept", consumers=["product"])
    await topics.put("doomed", consumers=["product"], deletionPolicy="Delete")
    await topics.until_ready("kept", "doomed")
    found = await topics.get("doomed")
    assert found is not None
    assert found["metadata"]["finalizers"] == ["mercato.dev/cleanup"]
    await topics.delete("kept")
    await topics.delete("doomed")
    await topics.until_gone("kept", "doomed")
    assert topics.present() == {"kept": 1, "kept.product.dead-letter": 1}


async def test_the_younger_of_two_objects_for_one_topic_is_in_conflict(operator: Operator, topics: Topics) -> None:
    await topics.put("a", partitions=2)
    await topics.until_ready("a")
    await topics.put("b", topicName=topics.name("a"))
    conflict = await topics.until_reason("b", "TopicTaken", "Conflict")
    assert conflict["status"] == "True"
    assert f"OrderTopic {topics.namespace}/a" in conflict["message"]
    assert topics.present() == {"a": 2}
    await topics.delete("a")
    fault = await topics.until_reason("b", "PartitionsNeverShrink")
    assert "declare 2" in fault["message"]


async def test_what_kafka_refuses_is_told(operator: Operator, topics: Topics) -> None:
    await topics.put("a", replicas=9)
    refused = await topics.until_reason("a", "KafkaRefused")
    assert refused["status"] == "False"
    assert topics.name("a") in refused["message"]


async def test_lag_and_dead_letters_show_in_the_status(operator: Operator, topics: Topics, broker: str) -> None:
    await topics.put("a", consumers=["product"], producers=["order"])
    await topics.until_ready("a")
    producer = Producer({"bootstrap.servers": broker, "log_level": 0, **security("order", PASSWORDS["order"])})
    for number in range(5):
        producer.produce(topics.name("a"), str(number))
    buried = topics.name("a.product.dead-letter")
    consumer = Producer({"bootstrap.servers": broker, "log_level": 0, **security("product", PASSWORDS["product"])})
    consumer.produce(buried, b"first")
    consumer.produce(buried, b"second")
    consumer.produce(buried, b"settled", headers={"mercato-settled": b"0/0", "mercato-outcome": b"discarded"})
    assert producer.flush(20) == 0
    assert consumer.flush(20) == 0

    async def counted() -> bool:
        found = await topics.get("a") or {}
        return bool(found.get("status", {}).get("groups") == [{"group": "product", "lag": 5, "deadLetters": 1}])

    await until(counted, 60)
    found = await topics.get("a") or {}
    assert (found["status"]["lag"], found["status"]["deadLetters"]) == (5, 1)
    version = found["metadata"]["resourceVersion"]
    passes = operator.metric("mercato_operator_reconcile_seconds_count")

    async def looked_again() -> bool:
        return operator.metric("mercato_operator_reconcile_seconds_count") >= passes + 3

    await until(looked_again, 60)
    assert (await topics.get("a") or {})["metadata"]["resourceVersion"] == version


async def test_an_api_server_that_restarts_is_waited_for(
    operator: Operator, topics: Topics, api: ApiServer, kafka: AdminClient
) -> None:
    await topics.put("a", consumers=["product"])
    await topics.until_ready("a")
    api.server.kill()
    try:
        assert operator.probe("/livez") is None
    finally:
        api.server.start()
    with suppress(aiohttp.ServerDisconnectedError):  # by the connection of before
        await topics.get("a")
    await topics.put("b")

    async def works_again() -> bool:
        operator.start_if_ended()
        return (await topics.condition("b")).get("status") == "True"

    await until(works_again, 60)
    gone = topics.name("a.product.dead-letter")
    kafka.delete_topics([gone])[gone].result(10)

    async def put_back() -> bool:
        return "a.product.dead-letter" in topics.present()

    await until(put_back, PUT_BACK_SECONDS)
    assert operator.probe("/livez") is None
