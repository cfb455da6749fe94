"""Who is woken when paths change hands, and when pods are held back."""

from typing import Any

import pytest
import yaml
from mercato_operator.services.kinds import CONFIGMAPS, SERVICES
from mercato_operator.services.model import commerce_service
from mercato_operator.services.paths import Paths
from mercato_operator.services.status.verdict import no_database
from mercato_operator.services.store import Store
from mercato_operator.services.stores import Prepared

from tests.unit.operator_services.commerce_objects import body

OLD, YOUNG = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def routed(name: str, path: str, created: str, version: str = "1") -> dict[str, Any]:
    made = body(name, route={"pathPrefix": path})
    made["metadata"] |= {"creationTimestamp": created, "resourceVersion": version}
    return made


def platform(path: str, version: str, **labels: str) -> dict[str, Any]:
    match = {"path": {"type": "Exact", "value": path}}
    document = {"kind": "HTTPRoute", "metadata": {"name": "own"}, "spec": {"rules": [{"matches": [match]}]}}
    about = {"name": "gateway-routes", "namespace": "shop", "uid": "g", "resourceVersion": version, "labels": labels}
    return {"metadata": about, "data": {"own.yaml": yaml.safe_dump(document)}}


def test_only_those_whose_verdict_changes_are_woken() -> None:
    store = Store()
    paths = Paths(store, objects=False)
    older, younger = routed("older", "/a", OLD), routed("younger", "/a/b", YOUNG)
    store.put(SERVICES.plural, older)
    assert paths.judge() == []
    store.put(SERVICES.plural, younger)
    assert paths.judge() == [("shop", "younger")]
    assert paths.judge() == []
    claim = paths.shadowed(commerce_service(younger))
    assert claim is not None
    assert claim.owner == "CommerceService shop/older"
    assert paths.shadowed(commerce_service(older)) is None
    store.remove(SERVICES.plural, older)
    assert paths.judge() == [("shop", "younger")]


def test_a_service_that_ends_gives_its_path_back() -> None:
    store = Store()
    paths = Paths(store, objects=False)
    store.put(SERVICES.plural, routed("older", "/a", OLD))
    store.put(SERVICES.plural, routed("younger", "/a", YOUNG))
    paths.judge()
    ending = routed("older", "/a", OLD, "2")
    ending["metadata"]["deletionTimestamp"] = YOUNG
    store.put(SERVICES.plural, ending)
    assert paths.judge() == [("shop", "younger")]


def test_the_platforms_routes_are_read_again_when_they_change_and_unlabelled_ones_are_none() -> None:
    store = Store()
    paths = Paths(store, objects=False)
    store.put(SERVICES.plural, routed("mine", "/a", OLD))
    store.put(CONFIGMAPS.plural, platform("/a", "1"))
    assert paths.judge() == []
    store.put(CONFIGMAPS.plural, platform("/a", "2", **{"mercato.dev/gateway-config": "true"}))
    assert paths.judge() == [("shop", "mine")]
    store.put(CONFIGMAPS.plural, platform("/b", "3", **{"mercato.dev/gateway-config": "true"}))
    assert paths.judge() == [("shop", "mine")]
    assert paths.shadowed(commerce_service(routed("mine", "/a", OLD))) is None


def test_an_object_that_cannot_be_read_claims_nothing() -> None:
    store = Store()
    broken = routed("older", "/a", OLD)
    broken["spec"]["port"] = "x"
    store.put(SERVICES.plural, broken)
    store.put(SERVICES.plural, routed("younger", "/a", YOUNG))
    assert Paths(store, objects=False).judge() == []


def deployment(**annotations: str) -> dict[str, Any]:
    return {"spec": {"template": {"metadata": {"annotations": annotations}}}}


@pytest.mark.parametrize(
    ("live", "usable", "held"),
    [
        (None, True, False),
        (None, False, True),
        (deployment(a="1"), False, False),
        (deployment(a="0"), False, True),
        (deployment(a="0"), True, False),
        (deployment(), False, True),
    ],
)
def test_pods_are_held_back_only_from_a_credential_with_which_they_could_not_work(
    live: Any, usable: bool, held: bool
) -> None:
    prepared = Prepared(no_database(), no_database(), credentials={"a": "1"}, usable={"a": usable})
    assert prepared.holds_back(live) is held
