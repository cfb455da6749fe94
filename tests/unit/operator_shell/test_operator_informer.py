"""Events on their way to controllers, and what a relist finds that none has told."""

from typing import Any

import pytest
from mercato_operator.kube import informer as module
from mercato_operator.kube.controller import Watched
from mercato_operator.kube.informer import DEAD_AFTER, Informer

from services.chassis.kube.client import KubernetesError, Object, Resource
from services.chassis.retry import Backoff

MAPS, TOPICS = Resource("v1", "configmaps"), Resource("mercato.dev/v1alpha1", "ordertopics")


class Listener:
    """A controller that remembers what it is told."""

    def __init__(self, *watched: Watched) -> None:
        self.watched = watched
        self.told: list[tuple[str, str]] = []

    async def start(self) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        raise NotImplementedError

    def event(self, resource: Resource, type_: str, body: Object) -> None:
        self.told.append((type_, body["metadata"]["name"]))

    def healthy(self) -> str | None:
        return None


class Lists:
    """An API server that lists what it is told."""

    def __init__(self) -> None:
        self.items: list[Object] = []
        self.away: set[str] = set()

    async def list(self, _resource: Resource, namespace: str, *_: object) -> tuple[list[Object], str]:
        if namespace in self.away:
            raise KubernetesError("forbidden", 403)
        return [each for each in self.items if each["metadata"]["namespace"] == namespace], "1"


def item(name: str, version: int, **labels: str) -> Object:
    return {"metadata": {"namespace": "shop", "name": name, "resourceVersion": str(version), "labels": labels}}


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Lists:
    monkeypatch.setattr(module, "ON_THEIR_WAY_SECONDS", 0)
    return Lists()


def informer(lists: Any, *controllers: Listener) -> Informer:
    return Informer(lists, controllers, ["shop"])


async def relist(of: Informer) -> None:
    for resource in of.resources:
        await of._count(resource)


def test_a_controller_is_told_of_what_it_watches(lists: Lists) -> None:
    topics, labelled = Listener(Watched(TOPICS)), Listener(Watched(MAPS, {"a": "b"}))
    of = informer(lists, topics, labelled)
    of.heard(TOPICS, None, item("t", 1))
    of.heard(TOPICS, "MODIFIED", item("t", 2))
    of.heard(TOPICS, "DELETED", item("t", 3))
    of.heard(MAPS, "ADDED", item("m", 1, a="b"))
    of.heard(MAPS, "ADDED", item("other", 1))
    assert topics.told == [("ADDED", "t"), ("MODIFIED", "t"), ("DELETED", "t")]
    assert labelled.told == [("ADDED", "m")]


def test_a_kind_is_watched_by_labels_only_where_all_want_the_same(lists: Lists) -> None:
    one, same, other = (Listener(Watched(MAPS, labels)) for labels in ({"a": "b"}, {"a": "b"}, {}))
    assert informer(lists, one, same).resources == {MAPS: "a=b"}
    assert informer(lists, one, other).resources == {MAPS: ""}


async def test_before_anything_begins_all_that_is_there_is_told_once(lists: Lists) -> None:
    topics, labelled = Listener(Watched(TOPICS)), Listener(Watched(TOPICS, {"a": "b"}))
    of = informer(lists, topics, labelled)
    lists.items = [item("t", 1, a="b"), item("u", 1)]
    await of.read()
    assert topics.told == [("ADDED", "t"), ("ADDED", "u")]
    assert labelled.told == [("ADDED", "t")]
    await relist(of)
    assert len(topics.told) == 2


async def test_an_api_server_that_is_away_at_first_is_waited_for(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BACKOFF", Backoff(first=0.0))
    listener = Listener(Watched(TOPICS))
    of, original = informer(lists, listener), lists.list
    lists.items = [item("t", 1)]

    async def away(*_: object) -> tuple[list[Object], str]:
        monkeypatch.setattr(lists, "list", original)
        raise KubernetesError("away")

    monkeypatch.setattr(lists, "list", away)
    await of.read()
    assert listener.told == [("ADDED", "t")]


def test_what_loses_its_label_is_gone_for_whom_it_mattered_to(lists: Lists) -> None:
    all_, labelled = Listener(Watched(MAPS)), Listener(Watched(MAPS, {"a": "b"}))
    of = informer(lists, all_, labelled)
    of.heard(MAPS, "ADDED", item("m", 1, a="b"))
    of.heard(MAPS, "MODIFIED", item("m", 2))
    of.heard(MAPS, "MODIFIED", item("m", 3, a="b"))
    assert labelled.told == [("ADDED", "m"), ("DELETED", "m"), ("MODIFIED", "m")]
    assert [type_ for type_, _ in all_.told] == ["ADDED", "MODIFIED", "MODIFIED"]


async def test_a_relist_tells_what_no_event_has_told(lists: Lists) -> None:
    listener = Listener(Watched(TOPICS))
    of = informer(lists, listener)
    for name in ("kept", "changed", "gone"):
        of.heard(TOPICS, None, item(name, 1))
    listener.told.clear()
    lists.items = [item("kept", 1), item("changed", 2), item("new", 3)]
    await relist(of)
    assert sorted(listener.told) == [("ADDED", "new"), ("DELETED", "gone"), ("MODIFIED", "changed")]
    listener.told.clear()
    await relist(of)
    assert listener.told == []


async def test_a_watch_that_misses_something_again_and_again_is_dead(lists: Lists) -> None:
    of = informer(lists, Listener(Watched(TOPICS)))
    for version in range(DEAD_AFTER):
        assert of.healthy() is None
        lists.items = [item("t", version)]
        await relist(of)
    reason = of.healthy()
    assert reason is not None
    assert "ordertopics.mercato.dev" in reason
    await relist(of)
    assert of.healthy() is None


async def test_what_an_event_tells_while_it_is_listed_is_not_missed(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener(Watched(TOPICS))
    of = informer(lists, listener)
    of.heard(TOPICS, None, item("t", 1))
    original = lists.list

    async def busy(*arguments: Any) -> tuple[list[Object], str]:
        found = await original(*arguments)
        of.heard(TOPICS, "MODIFIED", item("t", 3))
        return found

    lists.items = [item("t", 2)]
    monkeypatch.setattr(lists, "list", busy)
    listener.told.clear()
    await relist(of)
    assert listener.told == [("MODIFIED", "t")]
    assert of.healthy() is None


async def test_a_namespace_that_cannot_be_seen_is_taken_to_be_as_it_was(lists: Lists) -> None:
    topics = Listener(Watched(TOPICS))
    of = Informer(lists, [topics], ["home", "shop"])  # type: ignore[arg-type]
    lists.items = [item("t", 1)]
    await of.read()
    lists.away = {"shop"}
    await relist(of)
    assert topics.told == [("ADDED", "t")]


async def test_the_start_waits_for_no_namespace_that_cannot_be_seen(lists: Lists) -> None:
    topics = Listener(Watched(TOPICS))
    of = Informer(lists, [topics], ["home", "shop"])  # type: ignore[arg-type]
    lists.items, lists.away = [item("t", 1)], {"shop"}
    await of.read()
    assert topics.told == []
