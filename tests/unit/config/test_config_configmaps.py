"""ConfigMaps of a cluster as documents: who wins, and what a broken one changes."""

from datetime import UTC, datetime
from typing import Any

from services.config.broken import Broken, event
from services.config.configmaps import read


def configmap(name: str, namespace: str = "shop", **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "7"}
    return {"metadata": metadata, "data": data}


def test_a_broken_configmap_is_served_as_it_last_was_and_hides_no_other() -> None:
    good = read([configmap("order", limit="1"), configmap("payment", limit="2")], {}, "shop")
    broken = configmap("order", **{"application.yaml": "a: [\n"})
    found = read([broken, configmap("payment", limit="3")], good.understood, "shop")
    assert found.snapshot.sources["order"][0].properties == {"limit": "1"}
    assert found.snapshot.sources["payment"][0].properties == {"limit": "3"}
    (one,) = found.broken
    assert (one.name, one.version) == ("order", "7")
    assert found.snapshot.faults == (one.fault,)


def test_one_that_was_never_good_says_nothing() -> None:
    found = read([configmap("order", **{"application.yaml": "a: [\n"})], {}, "shop")
    assert found.snapshot.sources == {}
    assert len(found.broken) == 1


def test_the_first_namespace_wins_and_the_others_are_named() -> None:
    found = read([configmap("order", limit="own"), configmap("order", "shared", limit="1")], {}, "shop")
    assert [source.name for source in found.snapshot.sources["order"]] == [
        "configmap:order",
        "configmap:shared/order",
    ]


def test_the_event_is_the_same_for_the_same_version_and_names_the_configmap() -> None:
    broken = Broken("shop", "order", "uid", "7", "data.application.yaml: no")
    first, again = (event(broken, datetime(2024, 1, day, tzinfo=UTC)) for day in (1, 2))
    assert first["metadata"] == again["metadata"]
    assert first["involvedObject"]["uid"] == "uid"
    other = event(Broken("shop", "order", "uid", "8", "data.application.yaml: no"), datetime.now(UTC))
    assert other["metadata"]["name"] != first["metadata"]["name"]


def test_a_long_name_still_makes_a_valid_event() -> None:
    assert len(event(Broken("shop", "a" * 253, "uid", "7", "no"), datetime.now(UTC))["metadata"]["name"]) <= 253
