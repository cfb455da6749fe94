"""Why a pod is not ready yet, from what the API server says of it."""

from typing import Any

import pytest

from cli.platform.pods import start_of
from tests.unit.platform.fake_kubectl import READY, pod


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    container = {"image": "r/mercato-toolbox:1", "state": {"waiting": {"reason": reason, "message": message}}}
    return pod(phase="Pending", containerStatuses=[container])


def test_a_ready_pod_is_ready() -> None:
    assert start_of(READY["items"][0]).ready


@pytest.mark.parametrize(
    ("found", "why", "hopeless"),
    [
        (pod(phase="Pending"), "its pod is Pending", False),
        (
            pod(phase="Pending", conditions=[{"type": "PodScheduled", "status": "False", "message": "too big"}]),
            "no node takes its pod (too big)",
            False,
        ),
        (waiting("ContainerCreating"), "its container waits (ContainerCreating)", False),
        (waiting("ErrImagePull"), "its image r/mercato-toolbox:1 cannot be pulled (ErrImagePull): see images", False),
        (waiting("ImagePullBackOff"), "cannot be pulled (ImagePullBackOff)", True),
        (waiting("ErrImageNeverPull"), "or ./mercato cluster load", True),
        (
            waiting("CreateContainerConfigError", "couldn't find key toolbox in Secret"),
            "its container waits (CreateContainerConfigError: couldn't find key toolbox in Secret)",
            True,
        ),
        (pod(phase="Failed", reason="Evicted"), "its pod has ended (Evicted)", True),
    ],
)
def test_a_pod_that_is_not_ready_says_why(found: dict[str, Any], why: str, hopeless: bool) -> None:
    start = start_of(found)
    assert why in start.why
    assert start.hopeless is hopeless
    assert not start.ready
