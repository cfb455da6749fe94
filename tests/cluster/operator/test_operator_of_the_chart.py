"""The operator as the chart installs it: under its account and roles, on its OrderTopics and a CommerceService."""

from pathlib import Path

import pytest

from tests.cluster.backends.chart_release import RIGHTS, Release, render
from tests.cluster.operator.conftest import kafka_settings
from tests.cluster.operator.operator_process import Operator, until_active
from tests.support.administrator import Administrator, Object
from tests.support.api_server import ApiServer
from tests.support.rights import asked, given
from tests.support.serving import until
from tests.unit.chart.chart_objects import name, of_kind


@pytest.fixture
async def release(api: ApiServer, admin: Administrator, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Its accounts and rights are in place."""
    made = Release(api, admin, monkeypatch, namespace, render(namespace))
    await made.put(*RIGHTS)
    return made


def service(namespace: str) -> Object:
    """With all that needs no database."""
    return {
        "apiVersion": "mercato.dev/v1alpha1",
        "kind": "CommerceService",
        "metadata": {"name": "points", "namespace": namespace},
        "spec": {
            "image": "registry.example/points:1",
            "autoscaling": {"minReplicas": 2, "maxReplicas": 3},
            "route": {"pathPrefix": "/api/v1/points"},
            "config": {"minor_units_per_point": 1},
            "consumes": ["order.events"],
            "deletionPolicy": "Delete",
        },
    }


async def test_it_has_the_rights_it_needs_and_the_platforms_topics_become_ready(
    release: Release, broker: str, tmp_path: Path
) -> None:
    api, admin, namespace = release.api, release.admin, release.namespace
    variables = {key: str(value) for key, value in release.variables("operator", "operator").items()}
    token = await admin.token(namespace, "operator")
    kubeconfig = api.kubeconfig_of_account(namespace, "operator", token)
    settings = {**variables, **kafka_settings(broker, tmp_path), "MERCATO_NAMESPACE": namespace}
    operator = Operator(tmp_path, kubeconfig, **settings)
    try:
        operator.start()
        await until_active(operator, 60)
        await release.put("OrderTopic")
        topics = of_kind(release.objects, "OrderTopic")
        assert {name(each) for each in topics} == {
            "order.events",
            "order.replies",
            "payment.commands",
            "product.commands",
        }

        async def ready() -> bool:
            found = [(await admin.get(each)).get("status", {}).get("conditions", ()) for each in topics]
            return all(any(one["type"] == "Ready" and one["status"] == "True" for one in each) for each in found)

        await until(ready, 60)
        await admin.put(service(namespace))

        async def can_work() -> bool:
            found = (await admin.get(service(namespace))).get("status", {}).get("conditions", ())
            true = {one["type"] for one in found if one["status"] == "True"}
            return {"MessagingReady", "RouteReady", "DatabaseReady"} <= true

        await until(can_work, 60)
        await admin.delete(service(namespace))

        async def gone() -> bool:
            return bool((await admin.get(service(namespace)))["kind"] == "Status")

        await until(gone, 60)
        rights = given(release.objects, "operator", namespace)
        allowed, refused = asked(api.audit_log, "operator", namespace, rights)
        assert not refused
        assert allowed <= rights
    finally:
        operator.kill()
