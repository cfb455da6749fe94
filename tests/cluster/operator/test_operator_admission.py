"""What the definition of OrderTopic lets in: what can never be done is refused at once, with what to do instead."""

from typing import Any

import pytest
import yaml

from tests.cluster.operator.operator_process import ROOT
from tests.support.administrator import Administrator, Object
from tests.support.serving import until

DEFINITION = yaml.safe_load((ROOT / "operator" / "crds" / "ordertopic.yaml").read_text())


@pytest.fixture
async def known(admin: Administrator) -> None:
    """The API server takes OrderTopics."""
    await admin.put(DEFINITION)

    async def established() -> bool:
        found = (await admin.get(DEFINITION)).get("status", {}).get("conditions") or []
        return any(one["type"] == "Established" and one["status"] == "True" for one in found)

    await until(established, 30)


def topic(namespace: str, name: str = "a", **spec: Any) -> Object:
    metadata = {"name": name, "namespace": namespace}
    whole = {"apiVersion": "mercato.dev/v1alpha1", "kind": "OrderTopic", "metadata": metadata}
    return {**whole, "spec": {"partitions": 2, **spec}}


@pytest.mark.usefixtures("known")
async def test_an_object_of_one_line_is_taken_with_the_models_defaults(admin: Administrator, namespace: str) -> None:
    made = await admin.put(topic(namespace))
    assert made["spec"] == {
        "partitions": 2,
        "replicas": 1,
        "retention": "7d",
        "config": {},
        "deadLetter": {"enabled": True, "retention": "30d"},
        "retry": {"enabled": False, "attempts": 5, "backoff": "1s"},
        "producers": [],
        "consumers": [],
        "deletionPolicy": "Retain",
        "allowRepartition": False,
    }


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"partitions": 0}, "greater than or equal to 1"),
        ({"topicName": "no spaces"}, "1 to 249 letters"),
        ({"topicName": "__consumer_offsets"}, "Kafka's own"),
        ({"topicName": "x" * 240, "consumers": ["notification"]}, "more than 249 characters"),
        ({"retention": "a week"}, "write a duration as a number"),
        ({"retry": {"enabled": True, "backoff": "soon"}}, "write a duration as a number"),
        ({"deadLetter": {"retention": "0d"}}, "write a duration as a number"),
        ({"config": {"retention.ms": "1"}}, "give retention.ms as spec.retention"),
        ({"retry": {"enabled": True}, "deadLetter": {"enabled": False}}, "retry needs deadLetter.enabled"),
        ({"consumers": ["Product"]}, "should match"),
        ({"consumers": ["a", "a"]}, "uplicate"),
        ({"deletionPolicy": "Maybe"}, "supported values"),
        ({"surprise": 1}, "unknown field"),
    ],
)
async def test_what_is_wrong_is_refused_with_what_to_do(
    admin: Administrator, namespace: str, spec: dict[str, Any], words: str
) -> None:
    refusal = await admin.refusal(topic(namespace, **spec))
    if words == "unknown field":
        assert "surprise" in refusal
    else:
        assert words in refusal


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"partitions": 1}, "declare another topic and move over"),
        ({}, {"partitions": 3}, "set allowRepartition to true"),
        ({}, {"topicName": "b"}, "neither set nor removed"),
        ({"topicName": "b"}, {}, "neither set nor removed"),
        ({"topicName": "b"}, {"topicName": "c"}, "never renamed; keep topicName"),
    ],
)
async def test_what_can_never_be_done_is_refused_with_what_to_do(
    admin: Administrator, namespace: str, before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    await admin.put(topic(namespace, **before))
    assert words in await admin.refusal(topic(namespace, **after))


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "after",
    [
        {"partitions": 3, "allowRepartition": True},
        {"retention": "1d", "config": {"segment.ms": "60000"}},
        {"consumers": ["a"], "producers": ["b"], "retry": {"enabled": True}},
        {"deletionPolicy": "Delete"},
        {"replicas": 3},
    ],
)
async def test_what_can_be_done_is_taken(admin: Administrator, namespace: str, after: dict[str, Any]) -> None:
    await admin.put(topic(namespace))
    assert await admin.refusal(topic(namespace, **after)) == ""


@pytest.mark.usefixtures("known")
async def test_the_list_shows_what_one_looks_for(admin: Administrator, namespace: str) -> None:
    await admin.put(topic(namespace))
    columns = [one["name"] for one in DEFINITION["spec"]["versions"][0]["additionalPrinterColumns"]]
    assert columns == ["Topic", "Partitions", "Ready", "Reason", "Lag", "Dead letters", "Age"]
