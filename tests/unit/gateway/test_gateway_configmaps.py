"""Several ConfigMaps with route files, read together."""

from typing import Any

from services.gateway.cluster.configmap import Reading, read
from services.gateway.documents import Refused
from services.gateway.routes import build
from tests.unit.gateway.gateway_documents import route, rule

OWN = "gateway-routes"


def document(name: str, path: str, backend: str = "order", created: str = "") -> str:
    return route(name, f"[{rule(path, backend=backend)}]", timestamp=created)


def configmap(name: str, created: str = "2026-01-01T00:00:00Z", backends: str = "", **texts: str) -> dict[str, Any]:
    annotations = {"annotations": {"mercato.dev/backends": backends}} if backends else {}
    about = {"namespace": "shop", "uid": f"uid-{name}", "resourceVersion": "1", "creationTimestamp": created}
    data = {f"{key}.yaml": text for key, text in texts.items()}
    return {"metadata": {"name": name, **about, **annotations}, "data": data}


def first_on(reading: Reading, path: str) -> str:
    """The route that decides on a path."""
    table = build(reading.documents, {"order"}, "mercato")
    return next(line.name for line in table.routes if line.match.path.value == path).partition("/")[0]


def test_all_routes_are_there() -> None:
    reading = read([configmap("b", x=document("x", "/x")), configmap(OWN, y=document("y", "/y"))], OWN)
    assert [each.metadata.name for each in reading.documents.routes] == ["y", "x"]


def test_the_platforms_own_routes_are_older_than_any_other() -> None:
    other = configmap("older", "2020-01-01T00:00:00Z", a=document("a", "/same", created="2019-01-01T00:00:00Z"))
    assert first_on(read([other, configmap(OWN, z=document("z", "/same"))], OWN), "/same") == "z"


def test_of_two_others_the_older_route_decides_and_a_route_is_as_old_as_it_says() -> None:
    own = configmap(OWN, own=document("own", "/own"))
    one = configmap("one", "2026-01-01T00:00:00Z", b=document("b", "/same"))
    two = configmap("two", "2026-01-02T00:00:00Z", a=document("a", "/same"))
    assert first_on(read([own, one, two], OWN), "/same") == "b"
    says = configmap("two", "2026-01-02T00:00:00Z", a=document("a", "/same", created="2025-01-01T00:00:00Z"))
    assert first_on(read([own, one, says], OWN), "/same") == "a"


def test_of_two_documents_of_one_name_the_older_configmaps_stays() -> None:
    other = configmap("more", again=document("y", "/again"), x=document("x", "/x"))
    documents = read([other, configmap(OWN, y=document("y", "/y"))], OWN).documents
    assert [each.metadata.name for each in documents.routes] == ["y", "x"]
    assert [each.document for each in documents.refused] == ["more HTTPRoute/y"]


def test_what_is_refused_is_told_where_it_is_written() -> None:
    more = configmap("more", broken="a: [\n", lost=document("lost", "/lost", "nobody"))
    reading = read([configmap(OWN, y=document("y", "/y"), z="b: [\n"), more], OWN)
    table = build(reading.documents, {"order"}, "mercato")
    told = {
        each.message.partition(": ")[0]: each.about["metadata"]["name"] for each in map(reading.news, table.refused)
    }
    assert told == {"z.yaml#1": OWN, "more/broken.yaml#1": "more", "HTTPRoute/lost/0": "more"}
    assert reading.news(Refused("GatewayPolicy/gone", "x")).about["metadata"]["name"] == OWN


def test_backends_that_are_named_are_known() -> None:
    reading = read([configmap(OWN), configmap("more", backends="loyalty, points")], OWN)
    assert reading.documents.declared == {"loyalty", "points"}
