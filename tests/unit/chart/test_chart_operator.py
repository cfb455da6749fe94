"""What the chart tells the operator is what it understands, and what it knows of the platform."""

import json
from pathlib import Path

import pytest
from mercato_operator.settings import OperatorSettings

from tests.unit.chart.chart_objects import (
    CASES,
    CHART,
    Object,
    case,
    component,
    containers,
    environment,
    named,
    of_kind,
    pods,
    rendered,
)

STRIMZI, EXTERNAL = (("--values", str(CHART / f"values-{mode}.yaml")) for mode in ("strimzi", "external"))


def told(objects: tuple[Object, ...], monkeypatch: pytest.MonkeyPatch) -> OperatorSettings:
    """What it makes of its environment; a Secret's value is its place."""
    for name, value in variables(objects).items():
        monkeypatch.setenv(name, value)
    return OperatorSettings()


def variables(objects: tuple[Object, ...]) -> dict[str, str]:
    return environment(containers(dict(pods(objects))["operator"])[0])


@pytest.mark.parametrize("values", CASES, ids=lambda path: path.stem)
def test_it_understands_all_that_it_is_told(values: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = case(values)
    told(objects, monkeypatch)
    fields = {f"MERCATO_{field}".upper() for field in OperatorSettings.model_fields}
    extra = {"OTEL_EXPORTER_OTLP_ENDPOINT"}
    assert {name for name in variables(objects) if name not in extra and name.startswith("MERCATO_")} <= fields


def test_by_itself_it_makes_users_and_databases_on_the_bundled_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(rendered(), monkeypatch)
    assert (found.kafka_users, found.kafka_username, found.topics_backend) == (True, "admin", "admin")
    assert found.postgres_admin_password.get_secret_value() == "mercato-databases/postgres"
    assert found.postgres_exclusive
    assert found.kafka_peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "kafka"
    assert found.postgres_peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "postgres"
    assert (found.routes, found.config_url, found.network_policy) == ("configmap", "http://config", True)


def test_beside_strimzi_it_signs_in_to_look_and_trusts_the_clusters_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(rendered(*STRIMZI), monkeypatch)
    assert (found.kafka_users, found.topics_backend, found.kafka_username) == (True, "strimzi", "toolbox")
    assert found.kafka_ca_secret == "mercato-cluster-ca-cert"
    assert found.kafka_peer == {"podSelector": {"matchLabels": {"strimzi.io/cluster": "mercato"}}}


def test_on_stores_of_others_it_does_what_it_is_given_the_means_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(rendered(*EXTERNAL), monkeypatch)
    assert (found.kafka_users, found.kafka_users_secret) == (False, "mercato-kafka-users")
    assert found.postgres_admin_username == "postgres-admin/username"
    assert (found.postgres_ssl_mode, found.postgres_ca_secret) == ("verify-full", "postgres-ca")
    assert not found.postgres_exclusive
    assert (found.kafka_peer, found.postgres_peer) == ({}, {})


def test_on_a_kafka_of_others_it_makes_users_where_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = rendered(*EXTERNAL, "--set", "kafka.external.manageUsers=true")
    found = told(objects, monkeypatch)
    assert found.kafka_users
    assert str(found.kafka_users_directory) == "/etc/mercato/kafka-users"
    volumes = dict(pods(objects))["operator"]["spec"]["volumes"]
    assert "mercato-kafka-users" in json.dumps(volumes)


def test_without_an_administrator_of_the_database_it_is_told_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(rendered(*EXTERNAL, "--set", "postgres.external.adminSecret="), monkeypatch)
    assert found.postgres_admin_username == ""


@pytest.mark.parametrize(
    ("values", "routes"),
    [
        ("gateway.source=configmap", "configmap"),
        ("gateway.source=kubernetes", "httproute"),
        ("gateway.source=files", "none"),
        ("gateway.mode=gateway-api,gateway.gatewayApi.className=istio", "httproute"),
    ],
)
def test_it_tells_the_gateway_of_routes_as_that_reads_them(
    values: str, routes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = rendered("--set", values)
    assert told(objects, monkeypatch).routes == routes
    (role,) = (each for each in of_kind(objects, "Role") if each["metadata"]["name"] == "mercato-operator")
    assert any("httproutes" in rule["resources"] for rule in role["rules"]) is (routes == "httproute")


def test_services_with_settings_are_restarted_by_it_unless_told_otherwise() -> None:
    label = "mercato.dev/restart-on-config"

    def labelled(*values: str) -> set[str]:
        found = of_kind(rendered(*values), "Deployment")
        return {component(each["spec"]["template"]) for each in found if label in each["metadata"]["labels"]}

    every = {"customer", "product", "order", "payment", "notification", "discovery"}
    assert labelled() == every
    assert labelled("--set", "components.order.restartOnConfig=false") == every - {"order"}


def test_the_hook_lets_both_kinds_go() -> None:
    role = named(rendered(), "Role", "mercato-release")
    assert role["rules"][0]["resources"] == ["commerceservices", "ordertopics"]
