"""EndpointSlices as instances."""

from typing import Any

from services.discovery.endpointslices import instances_of


def endpoint(address: str, uid: str | None = None, **conditions: bool) -> dict[str, Any]:
    target = {"targetRef": {"kind": "Pod", "uid": uid}} if uid else {}
    return {"addresses": [address], "conditions": conditions, **target}


def endpoint_slice(*endpoints: dict[str, Any], name: str = "order-1", family: str = "IPv4") -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": "order"}
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "addressType": family,
        "ports": [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9090}],
        "endpoints": list(endpoints),
    }


def hosts(*slices: dict[str, Any]) -> list[str]:
    return sorted(instance.host for instance in instances_of(slices, {}))


def test_only_ready_endpoints_are_told_and_silence_means_ready() -> None:
    found = hosts(
        endpoint_slice(
            endpoint("10.0.0.1", "a", ready=True),
            endpoint("10.0.0.2", "b", ready=False),
            endpoint("10.0.0.3", "c", ready=False, serving=True, terminating=True),
            endpoint("10.0.0.4", "d"),
        )
    )
    assert found == ["10.0.0.1", "10.0.0.4"]


def test_a_service_may_have_several_slices_and_a_pod_be_in_two_of_them() -> None:
    first = endpoint_slice(endpoint("10.0.0.1", "a"))
    second = endpoint_slice(endpoint("10.0.0.1", "a"), endpoint("10.0.0.2", "b"), name="order-2")
    assert hosts(first, second) == ["10.0.0.1", "10.0.0.2"]


def test_a_pod_with_an_address_of_each_family_is_told_once_by_the_fourth() -> None:
    six = endpoint_slice(endpoint("fd00::1", "a"), name="order-0", family="IPv6")
    assert hosts(six, endpoint_slice(endpoint("10.0.0.1", "a"))) == ["10.0.0.1"]
    assert hosts(six) == ["fd00::1"]


def test_names_are_no_addresses() -> None:
    assert hosts(endpoint_slice(endpoint("example.com"), family="FQDN")) == []


def test_an_instance_is_named_by_its_pod_or_else_by_its_address() -> None:
    found = instances_of([endpoint_slice(endpoint("10.0.0.1", "a"), endpoint("10.0.0.2"))], {})
    assert [instance.instance_id for instance in found] == ["a", "shop/order/10.0.0.2"]


def test_the_labels_of_the_service_choose_the_port_and_make_it_secure() -> None:
    service = {"metadata": {"labels": {"primary-port-name": "metrics", "secured": "true"}, "namespace": "shop"}}
    (instance,) = instances_of([endpoint_slice(endpoint("10.0.0.1", "a"))], {("shop", "order"): service})
    assert (instance.port, instance.secure, instance.namespace) == (9090, True, "shop")
