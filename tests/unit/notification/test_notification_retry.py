"""What the topic's manifest promises of retries is what the service does."""

from pathlib import Path

import yaml

from services.chassis.messaging.retries import Retry

MANIFEST = Path(__file__).parents[3] / "k8s" / "topics" / "order.events.yaml"


def test_the_retries_of_the_manifest_are_those_of_the_consumer() -> None:
    declared = yaml.safe_load(MANIFEST.read_text())["spec"]["retry"]
    assert Retry() == Retry(declared["attempts"], float(declared["backoff"].removesuffix("s")))
