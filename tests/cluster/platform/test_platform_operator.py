"""The operator of an installed platform: its topics, what it puts back, and what becomes of its work when it dies."""

import json
import time
from collections.abc import Sequence

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cli.platform.toolbox import Toolbox
from tests.cluster.platform.custom_objects import (
    SERVICES,
    TOPICS,
    body,
    kafka,
    postgres,
    unready,
    until_gone,
    until_ready,
)
from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import Release, until
from tests.cluster.platform.web import read_text

PUT_BACK_WITHIN = 30.0
CONVERGED_WITHIN = 120.0
RETRY = "order.events.notification.retry"
PLATFORM = ["order.events", "order.replies", "payment.commands", "product.commands"]
NEVER_RUNS = "localhost/mercato-order:none"


def test_every_topic_of_the_platform_is_ready_as_an_object(settled: Release) -> None:
    assert sorted(each["metadata"]["name"] for each in settled.objects(TOPICS)) == PLATFORM
    until_ready(settled, TOPICS, PLATFORM, PUT_BACK_WITHIN)
    table = settled.kubectl("get", "ordertopics")
    assert table.splitlines()[0].split()[:4] == ["NAME", "TOPIC", "PARTITIONS", "READY"]


def test_a_retry_topic_that_somebody_deleted_comes_back(settled: Release, toolbox: Toolbox, measured: Measured) -> None:
    assert RETRY in kafka(toolbox, "names")
    kafka(toolbox, "delete", RETRY)
    at = time.monotonic()
    # A broker may go on naming a topic for a moment that it deletes.
    until(lambda: RETRY not in kafka(toolbox, "names") or time.monotonic() - at > 5, 10, "it is deleted")
    until(lambda: RETRY in kafka(toolbox, "names"), PUT_BACK_WITHIN, "the retry topic is back")
    measured("a deleted retry topic is back", f"{time.monotonic() - at:.0f} s")
    settled.mercato("demo")


def test_a_topics_configuration_that_somebody_changed_is_put_back(
    settled: Release, toolbox: Toolbox, measured: Measured
) -> None:
    before = kafka(toolbox, "retention", RETRY)
    kafka(toolbox, "retention", RETRY, "123456789")
    at = time.monotonic()
    until(lambda: kafka(toolbox, "retention", RETRY) == before, PUT_BACK_WITHIN, "the retention is as declared")
    measured("a changed configuration is put back", f"{time.monotonic() - at:.0f} s")


def test_a_service_is_restarted_for_a_setting_that_it_reads_at_start(settled: Release) -> None:
    def restarted() -> str:
        template = settled.object("deployment", "discovery")["spec"]["template"]["metadata"]
        return str(template.get("annotations", {}).get("mercato.dev/restarted-for", ""))

    before = restarted()
    about = {"name": "discovery", "labels": {"mercato.dev/config": "true"}}
    data = {"data": {"application.yaml": "database_pool_size: 9\n"}}
    settled.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, **data})
    try:
        until(lambda: restarted() != before, 60, "the operator restarts it")
        settled.settle()
    finally:
        settled.kubectl("delete", "configmap", "discovery")
        once = restarted()
        until(lambda: restarted() != once, 60, "and again, for what it was")


def topics_and_services(count: int, suspended: int, retention: str = "7d", **spec: object) -> list[dict[str, object]]:
    """All of it goes with its objects."""
    found = [
        body("OrderTopic", f"crash-{number}", partitions=1, retention=retention, deletionPolicy="Delete")
        for number in range(count)
    ]
    services = [
        body(
            "CommerceService",
            f"crash-s{number}",
            image=NEVER_RUNS,
            suspend=True,
            deletionPolicy="Delete",
            database={"enabled": True},
            consumes=[f"crash-{number % count}"],
            **spec,
        )
        for number in range(suspended)
    ]
    return [*found, *services]


def kill(release: Release) -> None:
    """With no time to end anything: another takes over when the lease runs out."""
    release.kubectl("delete", "pod", "-l", "app.kubernetes.io/component=operator", "--force", "--grace-period=0")


def effort(release: Release, began: float) -> str:
    """How long it took, how much the operator has done since it started, and its memory."""
    took = time.monotonic() - began
    release.settle()
    with release.forwarded("deploy/operator", 9090) as operator:
        text = read_text(f"{operator}/metrics")
    sizes: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sizes[sample.name] = sizes.get(sample.name, 0) + sample.value
    seconds = time.time() - sizes["process_start_time_seconds"]
    # It may have been killed when all was done.
    rate = sizes.get("mercato_operator_reconciles_total", 0.0) / seconds
    return f"{took:.0f} s, {rate:.1f} reconciles/s, {sizes['process_resident_memory_bytes'] / 2**20:.0f} MiB"


def names(objects: Sequence[dict[str, object]], kind: str) -> list[str]:
    return [str(each["metadata"]["name"]) for each in objects if each["kind"] == kind]  # type: ignore[index]


def crash_while_changing(release: Release, toolbox: Toolbox, measured: Measured, count: int, suspended: int) -> None:
    what = f"{count} OrderTopics and {suspended} suspended CommerceServices"
    first = topics_and_services(count, suspended)
    topics, services = names(first, "OrderTopic"), names(first, "CommerceService")
    try:
        release.apply(*first)
        kill(release)
        began = time.monotonic()
        until_ready(release, TOPICS, topics, CONVERGED_WITHIN)
        until_ready(release, SERVICES, services, CONVERGED_WITHIN - (time.monotonic() - began))
        measured(f"{what} made, the operator killed meanwhile: ready", effort(release, began))
        release.apply(*topics_and_services(count, suspended, "3d", config={"changed": True}))
        kill(release)
        began = time.monotonic()
        until_ready(release, TOPICS, topics, CONVERGED_WITHIN)
        until_ready(release, SERVICES, services, CONVERGED_WITHIN - (time.monotonic() - began))
        measured(f"{what} changed, the operator killed meanwhile: ready", effort(release, began))
        assert kafka(toolbox, "retention", topics[-1]) == str(3 * 24 * 3600 * 1000)
    finally:
        for kind, each in ((TOPICS, topics), (SERVICES, services)):
            release.kubectl("delete", kind, *each, "--ignore-not-found", "--wait=false")
        kill(release)
        began = time.monotonic()
        until_gone(release, SERVICES, services, CONVERGED_WITHIN)
        until_gone(release, TOPICS, topics, CONVERGED_WITHIN)
    measured(f"{what} deleted, the operator killed meanwhile: gone", f"{time.monotonic() - began:.0f} s")

    def left() -> list[str]:
        kinds = "deployments,services,secrets,configmaps,serviceaccounts,networkpolicies"
        orphans = [
            f"{each['kind']}/{each['metadata']['name']}"
            for each in json.loads(release.kubectl("get", kinds, "-l", "mercato.dev/commerce-service", "-o", "json"))[
                "items"
            ]
        ]
        orphans += [each for each in kafka(toolbox, "names") if each.startswith("crash-")]
        return orphans + postgres(release, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'crash-%'").split()

    until(lambda: not left(), 60, "there are no orphans", 1.0)
    assert not unready(release, TOPICS)


def test_a_killed_operator_goes_on_where_it_was(settled: Release, toolbox: Toolbox, measured: Measured) -> None:
    crash_while_changing(settled, toolbox, measured, 20, 5)


@pytest.mark.long
def test_a_killed_operator_goes_on_where_it_was_with_many_objects(
    settled: Release, toolbox: Toolbox, measured: Measured
) -> None:
    crash_while_changing(settled, toolbox, measured, 150, 50)
