"""The end of everything: what objects hold does not hold up the end of their namespace."""

import os
import time
from collections.abc import Iterator

import pytest

from tests.cluster.platform.custom_objects import SERVICES, TOPICS, body, until_ready
from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import NAME, Release

GONE_WITHIN = 60.0


@pytest.fixture
def last(release: Release) -> Iterator[Release]:
    """No test comes after it; a cluster that was here before has its release again."""
    yield release
    if os.environ.get("MERCATO_TEST_CLUSTER"):
        release.create_namespace()
        release.install()


def test_the_namespace_ends_soon_after_the_release(last: Release, measured: Measured) -> None:
    image = "localhost/mercato-order:none"
    policy = {"deletionPolicy": "Delete"}
    last.apply(
        body("OrderTopic", "held", partitions=1, **policy),
        body("CommerceService", "held", image=image, suspend=True, database={"enabled": True}, **policy),
    )
    for kind in (TOPICS, SERVICES):
        until_ready(last, kind, ["held"], 60)
    last.helm("uninstall", NAME, "--wait", f"--timeout={GONE_WITHIN:.0f}s")
    began = time.monotonic()
    last.kubectl("delete", "namespace", last.namespace, f"--timeout={GONE_WITHIN:.0f}s", timeout=GONE_WITHIN + 10)
    measured("kubectl delete namespace", f"{time.monotonic() - began:.0f} s")
