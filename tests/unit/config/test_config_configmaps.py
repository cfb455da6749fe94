"""ConfigMaps of a cluster as documents: who wins, and what a broken one changes."""

from typing import Any

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


def test_what_is_wrong_is_complained_of_on_the_version_that_has_it() -> None:
    (broken,) = read([configmap("order", **{"application.yaml": "a: [\n"})], {}, "shop").broken
    about = broken.news.about["metadata"]
    assert (about["namespace"], about["name"], about["resourceVersion"]) == ("shop", "order", "7")
    assert broken.news.message.startswith("data.application.yaml: ")
    assert broken.news.message.endswith(". What it last said stays in force.")


def test_what_did_not_change_is_not_read_again() -> None:
    first = read([configmap("order", limit="1"), configmap("payment", limit="2")], {}, "shop")
    again = read([configmap("order", limit="1"), configmap("payment", limit="3")], first.understood, "shop")
    assert again.understood["shop", "order"].says is first.understood["shop", "order"].says
    assert again.snapshot.sources["payment"][0].properties == {"limit": "3"}


def test_each_broken_document_is_complained_of() -> None:
    found = read([configmap("order", **{"a.yaml": "a: [", "b.yaml": "~: 1", "c.yaml": "c: 1"})], {}, "shop")
    assert [one.reason.partition(":")[0] for one in found.broken] == ["data.a.yaml", "data.b.yaml"]
    assert [dict(source.properties) for source in found.snapshot.sources["order"]] == [{"c": 1}]


def test_both_namespaces_names_stay_apart() -> None:
    found = read([configmap("shared", **{"order.yaml": "a: 1"}), configmap("order.yaml", "shared", a="2")], {}, "shop")
    assert {source.name for sources in found.snapshot.sources.values() for source in sources} == {
        "configmap:shared/order.yaml"
    }  # told apart where both are told: see the environment
