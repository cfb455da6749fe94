"""Events on a ConfigMap: one for each complaint, whoever makes it and however often."""

from dataclasses import replace
from datetime import UTC, datetime

from services.chassis.kube.events import Complaint, event

COMPLAINT = Complaint("shop", "order", "uid", "7", "BrokenDocument", "data.application.yaml: no")


def test_the_event_is_the_same_for_the_same_version_and_names_the_configmap() -> None:
    first, again = (event(COMPLAINT, "mercato-config", datetime(2024, 1, day, tzinfo=UTC)) for day in (1, 2))
    assert first["metadata"] == again["metadata"]
    assert first["involvedObject"]["uid"] == "uid"
    other = event(replace(COMPLAINT, version="8"), "mercato-config", datetime.now(UTC))
    assert other["metadata"]["name"] != first["metadata"]["name"]


def test_a_long_name_still_makes_a_valid_event() -> None:
    made = event(replace(COMPLAINT, name="a" * 253, message="m" * 5000), "mercato-config", datetime.now(UTC))
    assert len(made["metadata"]["name"]) <= 253
    assert len(made["message"]) == 1024
