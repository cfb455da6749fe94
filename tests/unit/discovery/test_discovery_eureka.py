"""Eureka's documents, and the deltas its clients rely on."""

from xml.etree import ElementTree as ET

import pytest

from services.discovery import eureka
from services.discovery.instances import Instance, Snapshot
from services.discovery.registry import DELTA_SECONDS, Registry

ORDER = Instance("order", "order", "127.0.0.1", 1234, "ns")
SECOND = Instance("order", "order-2", "127.0.0.1", 1235, "ns")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(clock: Clock) -> Registry:
    return Registry(now_ms=lambda: int(clock.seconds * 1000), monotonic=clock)


def test_the_hash_counts_the_instances_that_are_up(registry: Registry) -> None:
    both = Snapshot.of([ORDER, SECOND])
    assert eureka.applications(both, registry)["applications"]["apps__hashcode"] == "UP_2_"
    assert eureka.applications(Snapshot(), registry)["applications"]["apps__hashcode"] == ""


def test_an_instance_tells_its_port_as_clients_expect(registry: Registry) -> None:
    found = eureka.application(Snapshot.of([ORDER]), registry, "Order")
    assert found is not None
    assert found["application"]["name"] == "ORDER"
    assert found["application"]["instance"][0]["port"] == {"$": 1234, "@enabled": "true"}
    assert found["application"]["instance"][0]["vipAddress"] == "order"


def test_an_application_without_a_ready_instance_is_unknown(registry: Registry) -> None:
    assert eureka.application(Snapshot(), registry, "ORDER") is None


def test_an_instance_is_found_by_its_id_alone_or_with_its_application(registry: Registry) -> None:
    both = Snapshot.of([ORDER, SECOND])
    for name in (None, "ORDER", "order", "oRdEr"):
        found = eureka.instance(both, registry, "order-2", name)
        assert found is not None
        assert (found["instance"]["instanceId"], found["instance"]["port"]["$"]) == ("order-2", 1235)
    assert eureka.instance(both, registry, "order-2", "PRODUCT") is None
    assert eureka.instance(both, registry, "ORDER-2") is None, "an id is its own"


def test_a_virtual_address_leads_to_all_instances_of_its_service_and_no_other(registry: Registry) -> None:
    product = Instance("product", "product", "127.0.0.1", 1, "ns", secure=True)
    for address in ("order", "ORDER"):
        found = eureka.vip(Snapshot.of([ORDER, SECOND, product]), registry, address)
        assert found is not None
        assert found["applications"]["apps__hashcode"] == "UP_2_"
        (application,) = found["applications"]["application"]
        assert [one["instanceId"] for one in application["instance"]] == ["order", "order-2"]
    assert eureka.vip(Snapshot.of([ORDER]), registry, "ord") is None


def test_a_delta_tells_who_left_although_the_hash_is_the_same(registry: Registry) -> None:
    registry.observe(Snapshot.of([ORDER]))
    now = Snapshot.of([SECOND])
    registry.observe(now)
    instances = eureka.delta(now, registry)["applications"]["application"][0]["instance"]
    assert {(i["instanceId"], i["actionType"]) for i in instances} == {("order-2", "ADDED"), ("order", "DELETED")}


def test_a_departure_is_forgotten_after_three_minutes_or_a_return(registry: Registry, clock: Clock) -> None:
    registry.observe(Snapshot.of([ORDER, SECOND]))
    registry.observe(Snapshot.of([ORDER]))
    assert registry.departed() == [SECOND]
    clock.seconds += DELTA_SECONDS + 1
    registry.observe(Snapshot())
    assert registry.departed() == [ORDER]
    registry.observe(Snapshot.of([Instance("order", "order", "127.0.0.1", 9999, "ns")]))
    assert registry.departed() == []


def test_the_version_of_the_delta_rises_with_each_change_only(registry: Registry) -> None:
    registry.observe(Snapshot.of([ORDER]))
    before = registry.version
    registry.observe(Snapshot.of([ORDER]))
    assert registry.version == before
    registry.observe(Snapshot())
    assert registry.version == before + 1


def test_an_instance_keeps_the_time_it_came(registry: Registry, clock: Clock) -> None:
    registry.observe(Snapshot.of([ORDER]))
    clock.seconds += 5
    registry.observe(Snapshot.of([ORDER, SECOND]))
    assert (registry.since(ORDER), registry.since(SECOND)) == (1_000_000, 1_005_000)


def test_xml_says_the_same_as_json(registry: Registry) -> None:
    root = ET.fromstring(eureka.to_xml(eureka.applications(Snapshot.of([ORDER, SECOND]), registry)))  # noqa: S314 - ours
    assert root.tag == "applications"
    assert root.findtext("apps__hashcode") == "UP_2_"
    instances = root.findall("application/instance")
    assert [instance.findtext("instanceId") for instance in instances] == ["order", "order-2"]
    port = instances[0].find("port")
    assert port is not None
    assert (port.text, port.get("enabled")) == ("1234", "true")
    assert instances[0].findtext("overriddenstatus") == "UNKNOWN"
    center = instances[0].find("dataCenterInfo")
    assert center is not None
    assert center.get("class") == eureka.DATA_CENTER


def test_labels_and_annotations_of_kubernetes_are_well_formed_xml(registry: Registry) -> None:
    told = {"app.kubernetes.io/name": "mercato", "0/a b": "1 < 2", "note": "a\x00b"}
    instance = Instance("order", "uid", "10.244.0.3", 8080, "shop", metadata=told)
    document = ET.fromstring(eureka.to_xml(eureka.applications(Snapshot.of([instance]), registry)))  # noqa: S314
    (metadata,) = document.iter("metadata")
    assert {each.tag: each.text for each in metadata} == {
        "app.kubernetes.io_name": "mercato",
        "_0_a_b": "1 < 2",
        "note": "a\N{REPLACEMENT CHARACTER}b",
    }
