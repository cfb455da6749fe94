"""Discovery in a cluster: only what is ready, at once, in the same forms as on one machine."""

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import CHART, NAME, Release, is_ready, until
from tests.cluster.platform.web import read, read_json

LISTED_WITHIN = 2.0
SPRING = {"instanceId", "serviceId", "host", "port", "uri", "secure", "scheme", "metadata", "namespace"}


def listed(discovery: str, name: str = "order") -> set[str]:
    return {instance["host"] for instance in read_json(f"{discovery}/apps/{name}")}


def ready(release: Release, name: str = "order") -> set[str]:
    """Addresses that EndpointSlices call ready."""
    slices = release.objects("endpointslices", f"kubernetes.io/service-name={name}")
    ends = [end for each in slices for end in each["endpoints"] or []]
    return {end["addresses"][0] for end in ends if end["conditions"]["ready"]}


@contextmanager
def _two_of_order(release: Release) -> Iterator[None]:
    release.kubectl("scale", "deployment/order", "--replicas=2")
    try:
        yield
    finally:
        release.kubectl("scale", "deployment/order", "--replicas=1")
        until(lambda: len(release.pods("order")) == 1, 60, "one pod of order")


def test_it_lists_only_ready_pods_and_follows_a_scale_up_within_two_seconds(
    settled: Release, measured: Measured
) -> None:
    with settled.forwarded("svc/discovery", 80) as discovery:
        assert listed(discovery) == ready(settled)
        with _two_of_order(settled):
            until(lambda: len(settled.pods("order")) == 2, 30, "a second pod")
            while len(now := ready(settled)) < 2:
                seen = listed(discovery)  # the slices first: what is listed became ready before, or just now
                assert seen <= now | ready(settled), "a pod is listed that is not ready"
            began = time.monotonic()
            until(lambda: listed(discovery) == now, LISTED_WITHIN, "the second pod is listed", every=0.05)
            measured("a new pod is listed after it was seen ready", f"{time.monotonic() - began:.2f} s")
        until(lambda: listed(discovery) == ready(settled), LISTED_WITHIN + 1, "the second pod is not listed any more")


def test_it_answers_in_the_forms_it_has_on_one_machine(settled: Release) -> None:
    with settled.forwarded("svc/discovery", 80) as discovery:
        (instance,) = read_json(f"{discovery}/apps/order")
        assert set(instance) == SPRING
        (pod,) = [each for each in settled.pods("order") if is_ready(each)]
        assert instance["instanceId"] == pod["metadata"]["uid"]
        assert instance["uri"] == f"http://{pod['status']['podIP']}:8080"
        assert (instance["namespace"], instance["serviceId"]) == (settled.namespace, "order")
        assert read_json(f"{discovery}/apps/order/{instance['instanceId']}") == instance
        document = ET.fromstring(read(f"{discovery}/eureka/apps"))  # noqa: S314 - our own service's answer
        names = {each.text for each in document.findall("application/name")}
        assert names >= {"ORDER", "PRODUCT", "PAYMENT", "CUSTOMER", "NOTIFICATION", "CONFIG", "DISCOVERY", "GATEWAY"}


@pytest.fixture
def by_dns(settled: Release) -> Iterator[Release]:
    settled.helm("upgrade", NAME, str(CHART), "--set=discovery.backend=dns", "--wait", "--timeout=3m")
    try:
        yield settled
    finally:
        settled.helm("rollback", NAME, "--wait", "--timeout=3m")


@pytest.mark.long
def test_by_dns_alone_it_lists_the_same_and_orders_flow(by_dns: Release) -> None:
    with by_dns.forwarded("svc/discovery", 80) as discovery:
        services = ("order", "product", "payment", "customer", "notification")
        for name in services:
            until(lambda name=name: listed(discovery, name) == ready(by_dns, name), 40, f"{name} is listed")  # type: ignore[misc]
    (pod,) = by_dns.pods("discovery")
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert "CONFIRMED" in by_dns.mercato("demo").stdout
