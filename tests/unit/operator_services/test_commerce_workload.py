"""What is told of a service's pods."""

from typing import Any

import pytest
from mercato_operator.services.status.workload import condition, rolled_out

from tests.unit.operator_services.commerce_objects import service

Object = dict[str, Any]
DONE = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def deployment(wanted: int = 2, **status: Any) -> Object:
    return {"metadata": {"generation": 2}, "spec": {"replicas": wanted}, "status": {**DONE, **status}}


def pod(**status: Any) -> Object:
    return {"metadata": {"name": "loyalty-1"}, "status": status}


def waiting(reason: str, **more: Any) -> Object:
    state = {"waiting": {"reason": reason, "message": "back-off"}}
    return pod(containerStatuses=[{"image": "loyalty:2", "restartCount": 4, "state": state, **more}])


def test_all_new_and_available_is_ready() -> None:
    found = condition(service(replicas=2), deployment())
    assert (found.status, found.reason) == ("True", "Available")


@pytest.mark.parametrize(
    "status",
    [{"observedGeneration": 1}, {"updatedReplicas": 1}, {"availableReplicas": 1}, {"replicas": 3}],
)
def test_anything_less_is_on_its_way(status: Object) -> None:
    assert not rolled_out(deployment(**status))
    assert condition(service(replicas=2), deployment(**status)).reason == "Progressing"


def test_suspended_is_as_it_should_be() -> None:
    none = {"replicas": 0, "updatedReplicas": 0, "availableReplicas": 0}
    found = condition(service(suspend=True), deployment(0, **none))
    assert (found.status, found.reason) == ("True", "Suspended")
    bare = {"metadata": {"generation": 1}, "spec": {"replicas": 0}, "status": {"observedGeneration": 1}}
    assert condition(service(suspend=True), bare).reason == "Suspended"


def test_before_there_is_one_what_is_waited_for_is_told() -> None:
    assert condition(service(), None).reason == "Waiting"


@pytest.mark.parametrize(
    ("found", "reason", "told"),
    [
        (waiting("ImagePullBackOff"), "ImageNotPulled", "loyalty:2"),
        (waiting("CreateContainerConfigError"), "ContainerNotMade", "loyalty-1"),
        (
            waiting("CrashLoopBackOff", lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}}),
            "Crashing",
            "OOMKilled, exit code 137",
        ),
        (
            pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/1 nodes"}]),
            "NotScheduled",
            "0/1 nodes",
        ),
    ],
)
def test_pods_say_why(found: Object, reason: str, told: str) -> None:
    condition_ = condition(service(replicas=2), deployment(availableReplicas=0), [pod(), found])
    assert condition_.reason == reason
    assert told in condition_.message


def test_a_refused_pod_and_a_missed_deadline_are_told() -> None:
    refused = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]
    assert "exceeded quota" in condition(service(), deployment(1, conditions=refused)).message
    late = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    assert condition(service(), deployment(1, conditions=late)).reason == "NotReady"
