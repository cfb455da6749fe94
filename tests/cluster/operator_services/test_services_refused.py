"""What the API server does not take, and that it says what to do."""

from typing import Any

import pytest

from tests.cluster.operator_services.platform import Platform

SCALING = {"minReplicas": 1, "maxReplicas": 2}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"image": "loyalty:latest"}, "give a version instead of latest"),
        ({"image": ""}, "spec.image"),
        ({"port": 9090}, "9090 is where metrics are read"),
        ({"port": 70000}, "spec.port"),
        ({"autoscaling": {"minReplicas": 3, "maxReplicas": 2}}, "minReplicas must not be above maxReplicas"),
        ({"autoscaling": SCALING, "resources": {"limits": {"memory": "1Gi"}}}, "give resources.requests.cpu"),
        ({"resources": {"limits": {"memory": "much"}}}, "spec.resources.limits.memory"),
        ({"route": {"pathPrefix": "/"}}, "pathPrefix"),
        ({"route": {"pathPrefix": "loyalty"}}, "pathPrefix"),
        ({"route": {"pathPrefix": "/a/"}}, "pathPrefix"),
        ({"route": {"pathPrefix": "/a/../b"}}, "without . and .. segments"),
        ({"database": {}}, "enabled"),
        ({"consumes": ["a", "a"]}, "consumes"),
        ({"consumes": ["a topic"]}, "consumes"),
        ({"env": [{"name": "A"}]}, "give either value or valueFrom"),
        (
            {"env": [{"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
            "either value",
        ),
        ({"env": [{"name": "A", "valueFrom": {}}]}, "give either secretKeyRef or configMapKeyRef"),
        ({"env": [{"name": "A B", "value": "x"}]}, "env"),
        ({"deletionPolicy": "Perhaps"}, "deletionPolicy"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_spec_that_cannot_be_honoured(platform: Platform, spec: dict[str, Any], told: str) -> None:
    assert told in await platform.admin.refusal(platform.service("loyalty", **spec))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x" * 51, "at most 50 characters"),
        ("1st", "must begin with a letter"),
        ("a.b", "must begin with a letter"),
        ("application", "would take its settings for those of other services"),
        ("application-x", "would take its settings"),
        ("order-kubernetes", "would take its settings"),
    ],
)
async def test_a_name_that_something_else_could_not_have(platform: Platform, name: str, told: str) -> None:
    content = platform.service("x")
    content["metadata"]["name"] = name
    assert told in await platform.admin.refusal(content)


async def test_a_database_is_not_switched_off_in_passing(platform: Platform) -> None:
    await platform.admin.put(platform.service("loyalty", database={"enabled": True}))
    for less in ({}, {"database": {"enabled": False}}):
        refusal = await platform.admin.refusal(platform.service("loyalty", **less))
        assert "set deletionPolicy to Delete as well to drop it" in refusal
    assert not await platform.admin.refusal(platform.service("loyalty", deletionPolicy="Delete"))


async def test_what_is_right_is_taken_with_its_defaults(platform: Platform) -> None:
    found = await platform.admin.put(platform.service("loyalty", replicas=5, autoscaling={"maxReplicas": 2}))
    assert found["spec"] == {
        "image": "registry.example/loyalty:1.0",
        "port": 8080,
        "replicas": 5,
        "suspend": False,
        "deletionPolicy": "Retain",
        "autoscaling": {"minReplicas": 1, "maxReplicas": 2, "targetCPUUtilizationPercentage": 80},
    }


async def test_settings_may_have_any_shape(platform: Platform) -> None:
    config = {"a": 1, "b": True, "c": {"d": [1, "x"]}, "e": 0.5}
    assert (await platform.admin.put(platform.service("loyalty", config=config)))["spec"]["config"] == config
