"""Events on objects: one for what is told, whoever tells it and however often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis.kube.client import Kubernetes
from services.chassis.kube.events import News, Recorder, event

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def about(name: str = "order", version: str = "7") -> dict[str, Any]:
    metadata = {"namespace": "shop", "name": name, "uid": "uid", "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


NEWS = News(about(), "Warning", "BrokenDocument", "data.application.yaml: no")


def name(news: News, now: datetime = NOW, once_in: int | None = None) -> str:
    return str(event(news, "mercato-config", now, once_in)["metadata"]["name"])


def test_it_is_the_same_for_the_same_version_and_names_the_object() -> None:
    first, again = (event(NEWS, "mercato-config", NOW + timedelta(days=day)) for day in (0, 1))
    assert first["metadata"] == again["metadata"]
    assert first["involvedObject"] == {
        "apiVersion": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "order", "uid": "uid",
        "resourceVersion": "7",
    }  # fmt: skip
    assert first["source"]["component"] == "mercato-config"
    assert name(replace(NEWS, about=about(version="8"))) != name(NEWS)


def test_with_a_period_it_is_another_one_in_the_next_whatever_the_version() -> None:
    assert name(NEWS, once_in=600) == name(replace(NEWS, about=about(version="8")), NOW + timedelta(seconds=599), 600)
    assert name(NEWS, once_in=600) != name(NEWS, NOW + timedelta(seconds=600), 600)


@pytest.mark.parametrize("change", [{"reason": "Other"}, {"message": "other"}])
def test_other_words_are_another_event(change: dict[str, str]) -> None:
    assert name(replace(NEWS, **change)) != name(NEWS)  # type: ignore[arg-type]


def test_a_long_name_still_makes_a_valid_event() -> None:
    made = event(replace(NEWS, about=about("a" * 253), message="m" * 5000), "mercato-config", NOW)
    assert len(made["metadata"]["name"]) <= 253
    assert len(made["message"]) == 1024


def test_of_all_that_is_wrong_only_what_is_new_is_told() -> None:
    recorder = Recorder(Kubernetes("test"), "mercato-config")
    other = replace(NEWS, about=about("product"))
    for news, waiting in [([NEWS], 1), ([NEWS, other], 2), ([other], 2), ([NEWS, other], 3), ([], 3)]:
        recorder.tell_of_all(news)
        assert recorder._waiting.qsize() == waiting


def test_what_is_too_much_is_dropped_and_said(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(Kubernetes("test"), "mercato-config")
    for number in range(1001):
        recorder.tell(replace(NEWS, message=str(number)))
    assert caplog.messages == ["too much is to be told: no Event is written for ConfigMap order"]
