"""What a CommerceService becomes."""

from typing import Any

import pytest
import yaml
from mercato_operator.services.names import owned_by
from mercato_operator.settings import OperatorSettings

from tests.unit.chart.chart_objects import containers, named, rendered
from tests.unit.operator_services.commerce_objects import SETTINGS, container, environment, made, service, whole

Object = dict[str, Any]
EXTERNAL = OperatorSettings(
    namespace="shop",
    kafka_bootstrap="kafka.example:9094",
    kafka_security_protocol="SASL_SSL",
    kafka_shared_user="mercato",
    kafka_users_secret="their-kafka",
    kafka_ca_secret="kafka-authority",
    postgres_host="db.example",
    postgres_ssl_mode="verify-full",
    postgres_ca_secret="postgres-authority",
    otlp_endpoint="http://collector.monitoring:4318",
    image_pull_secrets=("pull",),
)


def test_a_small_service_has_a_workload_an_address_and_a_policy() -> None:
    assert made(service()).keys() == {"ServiceAccount", "Service", "NetworkPolicy", "Deployment"}


def test_a_service_with_everything_has_all_of_it() -> None:
    scaled = whole(replicas=None, autoscaling={"minReplicas": 2, "maxReplicas": 4})
    monitored = OperatorSettings(namespace="shop", service_monitor=True)
    assert made(scaled, monitored).keys() == {
        "ServiceAccount",
        "ConfigMap",
        "Service",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Deployment",
        "HorizontalPodAutoscaler",
        "ServiceMonitor",
        "Route",
    }


def test_everything_is_labelled_and_goes_with_its_owner() -> None:
    owner = whole(replicas=2)
    for each in made(owner, OperatorSettings(namespace="shop", service_monitor=True)).values():
        assert each["metadata"]["labels"]["mercato.dev/commerce-service"] == "loyalty"
        assert each["metadata"]["namespace"] == "shop"
        assert owned_by(each, owner.uid)


# -- the Deployment ---------------------------------------------------------------------------------------------------
def without_labels(pod: Object) -> Object:
    return {
        **pod,
        "topologySpreadConstraints": [{**one, "labelSelector": 0} for one in pod["topologySpreadConstraints"]],
    }


def test_pods_are_hardened_as_the_charts_own() -> None:
    chart = named(rendered(), "Deployment", "customer")["spec"]
    ours = made(service())["Deployment"]["spec"]
    theirs, mine = without_labels(chart["template"]["spec"]), without_labels(ours["template"]["spec"])
    same = [
        "automountServiceAccountToken",
        "enableServiceLinks",
        "terminationGracePeriodSeconds",
        "securityContext",
        "topologySpreadConstraints",
    ]
    assert {key: mine[key] for key in same} == {key: theirs[key] for key in same}
    assert ours["strategy"]["rollingUpdate"] == chart["strategy"]["rollingUpdate"]
    assert ours["revisionHistoryLimit"] == chart["revisionHistoryLimit"]
    (their_container,) = chart["template"]["spec"]["containers"]
    for key in ("imagePullPolicy", "securityContext", "startupProbe", "livenessProbe", "readinessProbe", "lifecycle"):
        assert container(service())[key] == their_container[key], key
    assert [each["containerPort"] for each in container(service())["ports"]] == [8080, 9090]


def test_the_environment_is_what_the_chart_gives_its_own() -> None:
    (theirs,) = [
        each
        for each in containers({"spec": named(rendered(), "Deployment", "order")["spec"]["template"]["spec"]})
        if each["name"] == "order"
    ]
    names = {each["name"] for each in theirs["env"]}
    # libpq's mode is its default there, and so is the group; the port is the service's.
    assert environment(whole()).keys() - names == {"MERCATO_PORT", "PGSSLMODE", "MERCATO_KAFKA_GROUP"}
    assert names - environment(whole()).keys() == set()


def test_passwords_come_from_the_services_own_secrets() -> None:
    found = environment(whole())
    assert found["MERCATO_DATABASE_URL"] == "postgresql://loyalty@postgres:5432/loyalty"
    assert found["PGPASSWORD"] == "loyalty-database/password"
    assert found["MERCATO_KAFKA_USERNAME"] == "loyalty"
    assert found["MERCATO_KAFKA_PASSWORD"] == "loyalty-kafka/password"


def test_external_stores_are_reached_as_the_installation_says() -> None:
    found = environment(whole(), EXTERNAL)
    assert found["MERCATO_DATABASE_URL"] == "postgresql://loyalty@db.example:5432/loyalty"
    assert (found["PGSSLMODE"], found["PGSSLROOTCERT"]) == ("verify-full", "/etc/mercato/postgres-ca/ca.crt")
    assert (found["MERCATO_KAFKA_USERNAME"], found["MERCATO_KAFKA_GROUP"]) == ("mercato", "loyalty")
    assert found["MERCATO_KAFKA_PASSWORD"] == "their-kafka/mercato"
    assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.monitoring:4318"
    pod = made(whole(), EXTERNAL)["Deployment"]["spec"]["template"]["spec"]
    mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    volumes = {each["name"]: each.get("secret", {}).get("secretName") for each in pod["volumes"]}
    assert mounts.keys() == volumes.keys()
    assert volumes["kafka-ca"] == "kafka-authority"
    assert pod["imagePullSecrets"] == [{"name": "pull"}]


def test_a_broker_that_asks_nobody_is_given_no_user() -> None:
    plain = OperatorSettings(namespace="shop", kafka_security_protocol="PLAINTEXT")
    assert not {"MERCATO_KAFKA_USERNAME", "MERCATO_KAFKA_PASSWORD"} & environment(whole(), plain).keys()


def test_a_service_of_another_namespace_finds_the_platform() -> None:
    found = environment(service(namespace="team", database={"enabled": True}, consumes=["order.events"]))
    assert found["MERCATO_CONFIG_URL"] == "http://config.shop"
    assert found["MERCATO_DATABASE_URL"] == "postgresql://team.loyalty@postgres.shop:5432/team.loyalty"
    assert found["MERCATO_KAFKA_BOOTSTRAP"] == "kafka.shop:9092"
    assert found["MERCATO_KAFKA_USERNAME"] == "team.loyalty"
    assert found["MERCATO_KAFKA_GROUP"] == "team.loyalty", "topics and rights are of this name"


def test_a_service_reads_tokens_as_the_platform_does() -> None:
    settings = OperatorSettings(namespace="shop", issuer="https://id.example", claim_roles="realm_access.roles")
    found = environment(service(), settings)
    assert (found["MERCATO_ISSUER"], found["MERCATO_CLAIM_ROLES"]) == ("https://id.example", "realm_access.roles")
    assert (found["MERCATO_CLAIM_EMAIL"], found["MERCATO_CLAIM_NAME"]) == ("email", "name")


def test_its_own_variables_win_and_no_name_is_there_twice() -> None:
    env = [
        {"name": "MERCATO_AUDIENCE", "value": "mine"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]
    found = container(service(env=env))["env"]
    assert len({each["name"] for each in found}) == len(found)
    assert environment(service(env=env))["MERCATO_AUDIENCE"] == "mine"
    assert environment(service(env=env))["KEY"] == "s/k"


def test_a_new_password_rolls_the_pods() -> None:
    template = made(whole())["Deployment"]["spec"]["template"]
    assert template["metadata"]["annotations"] == {"mercato.dev/database-credential": "one"}


@pytest.mark.parametrize(
    ("spec", "replicas"),
    [
        ({}, 1),
        ({"replicas": 3}, 3),
        ({"replicas": 0}, 0),
        ({"replicas": 3, "suspend": True}, 0),
        ({"autoscaling": {"maxReplicas": 3}}, None),
        ({"autoscaling": {"maxReplicas": 3}, "suspend": True}, 0),
    ],
)
def test_replicas_are_said_only_where_nothing_scales(spec: Object, replicas: int | None) -> None:
    assert made(service(**spec))["Deployment"]["spec"].get("replicas") == replicas


def test_a_suspended_service_keeps_everything_else() -> None:
    assert made(whole(suspend=True)).keys() == made(whole()).keys()


def test_resources_are_its_own_or_the_platforms_default() -> None:
    assert container(service())["resources"] == {
        "requests": {"cpu": "50m", "memory": "112Mi"},
        "limits": {"memory": "256Mi"},
    }
    own = {"requests": {"cpu": "1"}, "limits": {}}
    assert container(service(resources={"requests": {"cpu": "1"}}))["resources"] == own


# -- the others -------------------------------------------------------------------------------------------------------
def test_the_service_leads_to_the_named_ports() -> None:
    ports = made(service(port=8000))["Service"]["spec"]["ports"]
    assert [(each["name"], each["port"], each["targetPort"]) for each in ports] == [
        ("http", 80, "http"),
        ("metrics", 9090, "metrics"),
    ]
    selector = made(service())["Service"]["spec"]["selector"]
    assert selector.items() <= made(service())["Deployment"]["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("spec", "there"),
    [({}, False), ({"replicas": 2}, True), ({"autoscaling": {"minReplicas": 2, "maxReplicas": 3}}, True)],
)
def test_one_pod_has_no_disruption_budget(spec: Object, there: bool) -> None:
    assert ("PodDisruptionBudget" in made(service(**spec))) is there


def test_replicas_are_left_to_the_autoscaler_where_there_is_one() -> None:
    children = made(service(replicas=5, autoscaling={"minReplicas": 2, "maxReplicas": 3}))
    assert "replicas" not in children["Deployment"]["spec"]
    assert children["HorizontalPodAutoscaler"]["spec"]["minReplicas"] == 2


def test_the_autoscaler_looks_at_cpu() -> None:
    scaling = {"minReplicas": 2, "maxReplicas": 4, "targetCPUUtilizationPercentage": 60}
    spec = made(service(autoscaling=scaling))["HorizontalPodAutoscaler"]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 4)
    assert spec["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 60}
    assert spec["scaleTargetRef"]["name"] == "loyalty"


def test_settings_are_a_document_for_the_config_service() -> None:
    configmap = made(service(config={"points": {"per_unit": 2}, "on": True}))["ConfigMap"]
    assert configmap["metadata"]["name"] == "loyalty"
    assert configmap["metadata"]["labels"]["mercato.dev/config"] == "true"
    assert yaml.safe_load(configmap["data"]["application.yaml"]) == {"points": {"per_unit": 2}, "on": True}
    assert "ConfigMap" not in made(service())


def test_metrics_are_watched_where_the_installation_has_monitors() -> None:
    settings = OperatorSettings(
        namespace="shop", service_monitor=True, service_monitor_labels={"release": "prometheus"}
    )
    monitor = made(service(), settings)["ServiceMonitor"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["endpoints"] == [{"port": "metrics", "interval": "30s"}]


# -- the route --------------------------------------------------------------------------------------------------------
def test_the_route_is_a_document_in_a_configmap_that_the_gateway_follows() -> None:
    configmap = made(whole())["Route"]
    assert configmap["metadata"]["labels"]["mercato.dev/gateway-config"] == "true"
    assert configmap["metadata"]["annotations"]["mercato.dev/backends"] == "loyalty"
    document = yaml.safe_load(configmap["data"]["route.yaml"])
    assert document["kind"] == "HTTPRoute"
    (rule,) = document["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/api/v1/loyalty"}}]
    assert rule["backendRefs"] == [{"name": "loyalty", "port": 80}]


def test_the_gateway_reads_the_document() -> None:
    from services.gateway.documents import parse  # noqa: PLC0415 - its expressions need a library of its own

    found = parse(made(whole())["Route"]["data"].items())
    assert found.refused == ()
    assert found.routes[0].metadata.creation_timestamp == "2026-01-02T03:04:05Z"


def test_the_route_is_an_object_where_the_gateway_reads_objects() -> None:
    found = made(whole(), OperatorSettings(namespace="shop", routes="httproute"))["HTTPRoute"]
    assert found["spec"]["parentRefs"] == [{"name": "mercato"}]
    other = service(namespace="team", route={"pathPrefix": "/team"})
    found = made(other, OperatorSettings(namespace="shop", routes="httproute"))["HTTPRoute"]
    assert found["spec"]["parentRefs"] == [{"name": "mercato", "namespace": "shop"}]


def test_a_route_that_cannot_be_served_is_not_made() -> None:
    assert "Route" not in made(whole(), routed=False)
    assert "Route" not in made(whole(), OperatorSettings(namespace="shop", routes="none"))
    assert "Route" not in made(service(namespace="team", route={"pathPrefix": "/team"}))
    assert "Route" not in made(service(), SETTINGS)
