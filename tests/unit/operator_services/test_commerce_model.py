"""What a CommerceService object says, read."""

from typing import Any

import pytest
from mercato_operator.services.model import InvalidServiceError, commerce_service

from tests.unit.operator_services.commerce_objects import body, service, whole


def test_an_image_is_enough() -> None:
    found = service()
    assert (found.spec.port, found.least_replicas, found.messages) == (8080, 1, False)
    assert found.spec.deletion_policy == "Retain"
    assert not found.spec.database.enabled


def test_all_of_it_is_read() -> None:
    found = whole(suspend=True, deletionPolicy="Delete", env=[{"name": "A", "value": "b"}], produces=["loyalty.events"])
    assert (found.least_replicas, found.messages, found.spec.suspend) == (2, True, True)
    assert found.spec.route is not None
    assert found.spec.route.path_prefix == "/api/v1/loyalty"


def test_an_autoscaler_says_how_many_there_are_at_least() -> None:
    found = service(autoscaling={"minReplicas": 3, "maxReplicas": 5})
    assert found.least_replicas == 3


def test_what_the_annotation_asks_for_is_read() -> None:
    assert commerce_service(body(annotations={"mercato.dev/rotate": "2026-02"})).rotate == "2026-02"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"port": "80"}, "spec.port: "),
        ({"replicas": -1}, "spec.replicas: "),
        ({"autoscaling": {"minReplicas": 3, "maxReplicas": 2}}, "minReplicas must not be above maxReplicas"),
        ({"route": {"pathPrefix": "/"}}, "spec.route.pathPrefix: "),
        ({"route": {"pathPrefix": "/a//b"}}, "spec.route.pathPrefix: "),
        ({"resources": {"limits": {"memory": "much"}}}, "spec.resources.limits.memory"),
        ({"colour": "red"}, "spec.colour: "),
        ({"deletionPolicy": "Perhaps"}, "spec.deletionPolicy: "),
    ],
)
def test_what_cannot_be_used_is_named(spec: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidServiceError, match=told.replace(".", r"\.")):
        service(**spec)


def test_an_object_without_a_spec_is_named_too() -> None:
    broken = body()
    del broken["spec"]
    with pytest.raises(InvalidServiceError, match="spec"):
        commerce_service(broken)
