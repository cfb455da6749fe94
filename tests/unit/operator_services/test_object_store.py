"""What is known of watched objects, in whatever order news comes."""

from typing import Any

from mercato_operator.services.kinds import contains, stamp, stamped
from mercato_operator.services.store import Store


def thing(version: int, uid: str = "one", **content: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": "a", "uid": uid, "resourceVersion": f"{version}"}, **content}


def test_old_news_changes_nothing() -> None:
    store = Store()
    assert store.put("services", thing(5, spec=5))
    assert not store.put("services", thing(4, spec=4))
    found = store.get("services", "shop", "a")
    assert found is not None
    assert found["spec"] == 5


def test_a_status_matters_only_where_somebody_waits_for_it() -> None:
    store = Store()
    for plural in ("services", "deployments"):
        store.put(plural, thing(1, status=1))
    assert not store.put("services", thing(2, status=2))
    assert store.put("deployments", thing(2, status=2))
    assert store.put("services", thing(3, spec=1))


def test_the_end_of_an_earlier_object_of_the_name_is_not_the_end_of_this_one() -> None:
    store = Store()
    store.put("services", thing(9, "two"))
    assert not store.remove("services", thing(8, "one"))
    assert store.remove("services", thing(9, "two"))
    assert not store.remove("services", thing(9, "two"))
    assert list(store.all("services")) == []


def test_book_keeping_is_not_kept() -> None:
    store, found = Store(), thing(1)
    found["metadata"]["managedFields"] = [1]
    store.put("services", found)
    assert "managedFields" not in (store.get("services", "shop", "a") or {})["metadata"]


def test_defaults_are_no_difference_and_anything_else_is() -> None:
    wanted = {"spec": {"ports": [{"port": 80}], "none": {}, "empty": []}}
    assert contains({"spec": {"ports": [{"port": 80, "protocol": "TCP"}], "clusterIP": "x"}}, wanted)
    assert not contains({"spec": {"ports": [{"port": 81}]}}, wanted)
    assert not contains({"spec": {"ports": [{"port": 80}, {"port": 81}]}}, wanted)
    assert not contains({"spec": "text"}, wanted)
    assert not contains({"spec": {"ports": 80}}, wanted)
    assert not contains({}, wanted)


def test_a_stamp_tells_one_content_from_another() -> None:
    one, other = stamped(thing(1, spec=1)), stamped(thing(1, spec=2))
    assert stamp(one) != stamp(other)
    assert stamp(thing(1)) is None
    assert stamp(stamped(thing(1, spec=1))) == stamp(one)
