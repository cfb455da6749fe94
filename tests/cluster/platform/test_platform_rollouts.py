"""Changes to a running platform under a steady load: clients see nothing worse than a 503 that says when to retry."""

import time

import pytest

from cli.platform.toolbox import Toolbox
from tests.cluster.platform.driving import Outcome, steady_load
from tests.cluster.platform.next_version import MIGRATION, TAG, load_next_version
from tests.cluster.platform.release import CHART, NAME, Release, is_ready, until

ROLLOUT = 180.0
STEADY = 5.0
"""Seconds of load before and after a change."""
AFTERWARDS = 8.0
"""Seconds of a load that every machine carries."""


def _scaled(release: Release, replicas: int) -> None:
    release.kubectl("scale", "deployment/order", f"--replicas={replicas}")
    until(
        lambda: sum(map(is_ready, release.pods("order"))) == replicas == len(release.pods("order")),
        ROLLOUT,
        f"{replicas} ready pods of order",
    )


def _sound(release: Release, toolbox: Toolbox, outcome: Outcome, confirmed: float = 0.95) -> None:
    """Nothing was lost, at least the share `confirmed` of the orders met no deadline, and afterwards none does.

    A partition that nobody reads any more, or a bucket of an outbox that nobody publishes, would hold up a share of
    the orders that come after.
    """
    outcome.require_only_retryable_answers()
    outcome.require_nothing_lost()
    assert outcome.confirmed >= outcome.accepted * confirmed, outcome.result
    with steady_load(toolbox, rate=5) as after:
        time.sleep(AFTERWARDS)
    after.require_nothing_lost()
    assert after.confirmed == after.accepted >= 30, after.result
    release.mercato("invariants", "--json")


def test_scaling_order_up_and_down_under_load_loses_nothing(settled: Release, toolbox: Toolbox) -> None:
    with steady_load(toolbox) as outcome:
        time.sleep(STEADY)
        _scaled(settled, 3)
        time.sleep(STEADY)
        _scaled(settled, 1)
        time.sleep(STEADY)
    _sound(settled, toolbox, outcome)


def test_a_rolling_restart_of_every_deployment_under_load_loses_nothing(settled: Release, toolbox: Toolbox) -> None:
    with steady_load(toolbox) as outcome:
        for name in settled.deployments():
            settled.kubectl("rollout", "restart", f"deployment/{name}")
            settled.kubectl(
                "rollout", "status", f"deployment/{name}", f"--timeout={ROLLOUT:.0f}s", timeout=ROLLOUT + 10
            )
        time.sleep(STEADY)
    _sound(settled, toolbox, outcome)


@pytest.mark.long
def test_an_upgrade_with_new_images_and_a_migration_under_load_keeps_every_order(
    settled: Release, toolbox: Toolbox
) -> None:
    load_next_version(settled.cluster)
    try:
        with steady_load(toolbox) as outcome:
            time.sleep(STEADY)
            settled.helm("upgrade", NAME, str(CHART), f"--set=images.tag={TAG}", "--wait", "--timeout=5m", timeout=360)
            time.sleep(STEADY)
        images = {pod["spec"]["containers"][0]["image"] for pod in settled.pods("order")}
        assert {image.rpartition(":")[2] for image in images} == {TAG}
        assert MIGRATION in settled.kubectl("exec", "deploy/order", "--", "ls", "/app/services/order/migrations")
        # Kafka and PostgreSQL are new pods as well: orders of that minute may meet a deadline.
        _sound(settled, toolbox, outcome, confirmed=0.6)
    finally:
        settled.helm("rollback", NAME, "--wait", "--timeout=5m", timeout=360)


@pytest.mark.long
def test_the_autoscaler_adds_pods_under_load(settled: Release, toolbox: Toolbox) -> None:
    """The processor share that starts another pod is set low, so that the load of the test is enough."""
    values = [
        "--set=autoscaling.mode=hpa",
        "--set=defaults.autoscaling.cpu=60m",
        "--set=defaults.autoscaling.maxReplicas=2",
    ]
    values += [f"--set=components.{name}.autoscaling.enabled=false" for name in ("customer", "gateway", "notification")]
    settled.helm("upgrade", NAME, str(CHART), *values, "--wait", "--timeout=5m")
    try:
        with steady_load(toolbox) as outcome:
            until(lambda: sum(map(is_ready, settled.pods("order"))) == 2, 150, "the autoscaler started a second pod")
        outcome.require_nothing_lost()
    finally:
        settled.helm("rollback", NAME, "--wait", "--timeout=5m", timeout=360)
