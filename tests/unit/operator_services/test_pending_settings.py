"""Which pods are asked for settings that wait, where, and what they answer."""

from typing import Any

import pytest
from mercato_operator.services.status.pending import names, urls


def pod(port: Any = "http", address: str | None = "10.0.0.1", **metadata: Any) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/readyz", "port": port}}
    container = {"ports": [{"name": "http", "containerPort": 8080}], "readinessProbe": probe}
    status = {"podIP": address} if address else {}
    return {
        "metadata": {"name": "a", **metadata},
        "spec": {"containers": [container, {"name": "bare"}]},
        "status": status,
    }


def test_pods_are_asked_where_the_kubelet_asks_them() -> None:
    assert list(urls([pod(), pod(8000), pod(address="fd00::1")])) == [
        "http://10.0.0.1:8080/readyz",
        "http://10.0.0.1:8000/readyz",
        "http://[fd00::1]:8080/readyz",
    ]


def test_pods_that_come_or_go_are_not_asked() -> None:
    assert list(urls([pod(address=None), pod(deletionTimestamp="now"), pod("other")])) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"status": "ready", "restart_pending": ["currency"]}', {"currency"}),
        (b'{"status": "ready"}', set()),
        (b'{"restart_pending": "currency"}', set()),
        (b'{"restart_pending": [1, "a"]}', {"a"}),
        (b"[]", set()),
        (b"ok", set()),
    ],
)
def test_an_answer_names_settings_or_nothing(body: bytes, told: set[str]) -> None:
    assert names(body) == told
