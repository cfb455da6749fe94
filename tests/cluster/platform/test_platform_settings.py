"""Settings in ConfigMaps: applied while services run, reported when they wait, harmless when broken."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from mercato_operator.services.names import RESTART_LABEL

from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import Release, until
from tests.cluster.platform.web import read_json, read_text

APPLIED_WITHIN = 5.0
SHORT_DEADLINE = 3
"""Seconds; as shipped it is 20."""


@contextmanager
def edited(release: Release, name: str, **data: str) -> Iterator[float]:
    """The ConfigMap with other documents, put back afterwards. Gives the moment of the edit."""
    before = release.object("configmap", name)["data"]
    _patch(release, name, {**before, **data})
    try:
        yield time.monotonic()
    finally:
        _patch(release, name, before | {key: None for key in data if key not in before})


@contextmanager
def left_alone(release: Release, name: str) -> Iterator[None]:
    """The operator does not restart it for its settings."""
    release.kubectl("label", "deployment", name, f"{RESTART_LABEL}-")
    try:
        yield
    finally:
        release.kubectl("label", "deployment", name, f"{RESTART_LABEL}=true")


def _patch(release: Release, name: str, data: dict[str, Any]) -> None:
    release.kubectl("patch", "configmap", name, "--type=merge", "-p", json.dumps({"data": data}))


def _restarts(release: Release) -> dict[str, int]:
    return {
        pod["metadata"]["name"]: sum(each["restartCount"] for each in pod["status"]["containerStatuses"])
        for pod in release.pods("order")
    }


def test_an_edited_configmap_reaches_the_running_service_without_a_restart(
    settled: Release, measured: Measured
) -> None:
    before = _restarts(settled)
    document = f"authorization_deadline_seconds: {SHORT_DEADLINE}\norder_deadline_seconds: 60\n"
    with edited(settled, "order", **{"application.yaml": document}) as at:
        told = "settings changed: authorization_deadline_seconds"
        question = ("logs", "deploy/order", "--since=20s")
        until(lambda: told in settled.kubectl(*question), APPLIED_WITHIN, "the service told of the change")
        measured("an edited ConfigMap is applied", f"{time.monotonic() - at:.1f} s")
        with settled.forwarded("svc/gateway", 80) as gateway:
            token = settled.mercato("token").stdout.strip()
            ended, seconds = _hanging_order(gateway, token)
    assert ended["reason"] == "payment_timeout"
    assert SHORT_DEADLINE <= seconds < 15
    assert _restarts(settled) == before


def _hanging_order(gateway: str, token: str) -> tuple[Any, float]:
    """An order whose provider never answers, at its end, and how long that took."""
    product = read_json(f"{gateway}/api/v1/products?limit=1")["items"][0]["id"]
    order = {
        "lines": [{"product_id": product, "quantity": 1}],
        "shipping_address": {"name": "Ada", "line1": "12 St James's Square", "city": "London", "country": "GB"},
        "payment_method": {"type": "card", "token": "pm_card_simulate_timeout"},
    }
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "idempotency-key": str(uuid4())}
    started = time.monotonic()
    url = f"{gateway}/api/v1/orders/{read_json(f'{gateway}/api/v1/orders', headers, order)['id']}"

    def ended() -> Any:
        found = read_json(url, headers)
        return found if found["status"] == "REJECTED" else None

    return until(ended, 40, "the order ended"), time.monotonic() - started


def test_a_setting_that_is_not_reloadable_is_reported_as_waiting_for_a_restart(settled: Release) -> None:
    with left_alone(settled, "order"), settled.forwarded("deploy/order", 8080) as order:
        with edited(settled, "order", currency="USD"):
            until(
                lambda: "currency" in read_json(f"{order}/readyz").get("restart_pending", []),
                APPLIED_WITHIN,
                "restart_pending names the setting",
            )
        until(lambda: not read_json(f"{order}/readyz").get("restart_pending"), APPLIED_WITHIN, "it was taken back")


def test_a_broken_configmap_changes_nothing_and_is_reported(settled: Release) -> None:
    with settled.forwarded("svc/config", 80) as config, settled.forwarded("deploy/config", 9090) as metrics:
        before = {name: read_json(f"{config}/{name}/kubernetes") for name in ("order", "payment")}
        with edited(settled, "order", **{"application.yaml": "order_deadline_seconds: [\n"}):
            broken = until(
                lambda: read_json(f"{config}/readyz").get("broken_documents"),
                APPLIED_WITHIN,
                "readiness details name it",
            )
            assert "order" in json.dumps(broken)
            assert {name: read_json(f"{config}/{name}/kubernetes") for name in before} == before
            assert "mercato_config_broken_documents 1.0" in read_text(f"{metrics}/metrics")
            events = until(
                lambda: [each for each in settled.objects("events") if each["reason"] == "BrokenDocument"],
                APPLIED_WITHIN,
                "an Event tells",
            )
            assert events[0]["involvedObject"]["name"] == "order"
        until(lambda: not read_json(f"{config}/readyz").get("broken_documents"), APPLIED_WITHIN, "it is well again")
