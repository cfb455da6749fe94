"""The pods of a CommerceService have the security that the chart's own have, ids or none."""

import json

import pytest
from mercato_operator.services.parts.deployment import deployment
from mercato_operator.settings import OperatorSettings

from tests.unit.operator_services.commerce_objects import whole


def test_their_ids_are_left_out_where_the_cluster_gives_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    container = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    monkeypatch.setenv("MERCATO_POD_SECURITY_CONTEXT", json.dumps(pod))
    monkeypatch.setenv("MERCATO_CONTAINER_SECURITY_CONTEXT", json.dumps(container))
    monkeypatch.setenv("MERCATO_NAMESPACE", "shop")
    spec = deployment(whole(), OperatorSettings(), {})["spec"]["template"]["spec"]
    assert spec["securityContext"] == pod
    assert [each["securityContext"] for each in spec["containers"]] == [container]


def test_their_ids_are_the_platforms_otherwise() -> None:
    spec = deployment(whole(), OperatorSettings(namespace="shop"), {})["spec"]["template"]["spec"]
    assert {spec["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {65532}
