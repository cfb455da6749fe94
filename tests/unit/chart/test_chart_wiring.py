"""How the parts are wired, and that what has one source is not copied by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from mercato_operator.jobs.setup.values import read as read_declaration

from tests.unit.chart.chart_objects import (
    CASES,
    CHART,
    ROOT,
    case,
    containers,
    environment,
    name,
    named,
    of_kind,
    pods,
    rendered,
)  # fmt: skip

TOPICS = ROOT / "k8s" / "topics"


def variables(objects: tuple[Any, ...], workload: str, container: str | None = None) -> dict[str, Any]:
    for found, pod in pods(objects):
        if found == workload:
            return environment(next(c for c in containers(pod) if c["name"] == (container or workload)))
    raise AssertionError(f"no {workload}")


@pytest.mark.parametrize("source", ["k8s/config", "k8s/topics", "gateway-config"])
def test_manifests_have_one_source_which_the_chart_links_to(source: str) -> None:
    link = CHART / "files" / {"k8s/config": "config", "k8s/topics": "topics", "gateway-config": "gateway"}[source]
    assert link.is_symlink()
    assert link.resolve() == ROOT / source


def test_the_configuration_is_that_of_one_machine() -> None:
    objects = rendered()
    for path in sorted((ROOT / "k8s" / "config").glob("*.yaml")):
        manifest = yaml.safe_load(path.read_text())
        found = named(objects, "ConfigMap", manifest["metadata"]["name"])
        assert found["metadata"]["labels"]["mercato.dev/config"] == "true"
        assert {key: yaml.safe_load(text) for key, text in found["data"].items()} == {
            key: yaml.safe_load(text) for key, text in manifest["data"].items()
        }


def test_settings_given_as_values_overrule_by_profile() -> None:
    objects = rendered("--set", "settings.order.order_deadline_seconds=90")
    found = named(objects, "ConfigMap", "order-kubernetes")
    assert found["data"] == {"order_deadline_seconds": "90"}
    assert found["metadata"]["labels"]["mercato.dev/config"] == "true"
    assert variables(objects, "order")["MERCATO_PROFILES"] == "kubernetes"


@pytest.mark.parametrize("values", [[], ["--values", str(CHART / "values-strimzi.yaml")]])
def test_the_platforms_topics_are_those_of_the_manifests(values: list[str]) -> None:
    objects = rendered(*values, "--set", "kafka.topicReplicas=0")
    manifests = [yaml.safe_load(path.read_text()) for path in sorted(TOPICS.glob("*.yaml"))]
    assert {name(each): each["spec"] for each in of_kind(objects, "OrderTopic")} == {
        name(each): each["spec"] for each in manifests
    }
    more = rendered(*values, "--set", "kafka.topicReplicas=2")
    assert {each["spec"]["replicas"] for each in of_kind(more, "OrderTopic")} == {2}
    assert not of_kind(objects, "KafkaTopic"), "they are the operator's"


def test_on_a_kafka_of_others_without_an_administrator_there_are_no_topics() -> None:
    external = ["--values", str(CHART / "values-external.yaml")]
    objects = rendered(*external, "--set", "kafka.external.adminUsername=")
    assert not of_kind(objects, "OrderTopic")
    assert variables(objects, "operator")["MERCATO_TOPICS_BACKEND"] == "none"
    mine = variables(rendered(*external), "operator")
    assert (mine["MERCATO_TOPICS_BACKEND"], mine["MERCATO_KAFKA_USERNAME"]) == ("admin", "mercato-admin")
    assert mine["MERCATO_KAFKA_MANAGES_USERS"] == "false"


def test_the_operator_has_rights_where_it_is_told_to_and_holds_nobody_up_when_it_goes() -> None:
    objects = rendered("--set", "operator.namespaces={team-a}")
    assert {each["metadata"]["namespace"] for each in of_kind(objects, "Role") if name(each) == "mercato-operator"} == {
        "shop",
        "team-a",
    }
    assert json.loads(variables(objects, "operator")["MERCATO_NAMESPACES"]) == ["team-a"]
    hook = named(objects, "Job", "mercato-release")
    assert hook["metadata"]["annotations"]["helm.sh/hook"] == "post-delete"
    assert not [each for each in of_kind(objects, "Job") if name(each).startswith("topics")]


def test_each_service_signs_in_as_itself() -> None:
    objects = rendered()
    for service in ("order", "product", "payment", "notification"):
        found = variables(objects, service)
        assert found["PGPASSWORD"] == f"mercato-databases/{service}"
        assert found["MERCATO_DATABASE_URL"] == f"postgresql://{service}@postgres:5432/{service}"
        assert found["MERCATO_KAFKA_USERNAME"] == service
        assert found["MERCATO_KAFKA_PASSWORD"] == f"mercato-kafka/{service}"
    assert "MERCATO_KAFKA_BOOTSTRAP" not in variables(objects, "customer")


def test_services_migrate_before_they_serve_with_the_same_image_and_settings() -> None:
    for each in of_kind(rendered(), "Deployment"):
        found = containers(each["spec"]["template"])
        migrating = [container for container in found if container["args"] == ["migrate"]]
        serves = {"MERCATO_DATABASE_URL"} <= environment(found[-1]).keys()
        assert bool(migrating) is serves, name(each)
        for container in migrating:
            assert container["image"] == found[-1]["image"]
            assert environment(container) == environment(found[-1])


def test_the_issuer_is_one_for_all() -> None:
    found = {environment(c).get("MERCATO_ISSUER") for _, pod in pods(rendered()) for c in containers(pod)}
    assert found <= {"http://gateway", None}
    objects = rendered("--set", "oidc.issuer=https://id.example.com/,oidc.jwksUrl=https://id.example.com/keys")
    assert variables(objects, "order")["MERCATO_ISSUER"] == "https://id.example.com/"
    assert variables(objects, "gateway", "control-plane")["MERCATO_JWKS_URL"] == "https://id.example.com/keys"


@pytest.mark.parametrize("reader", ["order", "operator"])
def test_another_issuers_names_of_claims_reach_who_reads_tokens_and_who_passes_them_on(reader: str) -> None:
    named = "oidc.issuer=https://id.example.com,oidc.jwksUrl=https://id.example.com/keys,oidc.rolesClaim=realm_access.roles,oidc.emailClaim=mail,oidc.nameClaim=display_name"
    found = variables(rendered("--set", named), reader)
    assert found["MERCATO_CLAIM_ROLES"] == "realm_access.roles"
    assert (found["MERCATO_CLAIM_EMAIL"], found["MERCATO_CLAIM_NAME"]) == ("mail", "display_name")


def test_every_secret_that_is_read_is_made_by_the_setup_job() -> None:
    objects = rendered()
    declared = read_declaration(variables(objects, "mercato-setup", "setup")["MERCATO_SECRETS"])
    made = {f"{secret}/{key}" for secret, keys in declared.items() for key in keys}
    for _, pod in pods(objects):
        for container in containers(pod):
            used = {v["valueFrom"]["secretKeyRef"]["name"] + "/" + v["valueFrom"]["secretKeyRef"]["key"]
                    for v in container.get("env", []) if "valueFrom" in v}  # fmt: skip
            assert used <= made
        for volume in pod["spec"]["volumes"]:
            secret = volume.get("secret", {})
            assert {f"{secret.get('secretName')}/{item['key']}" for item in secret.get("items", [])} <= made
    role = named(objects, "Role", "mercato-setup")
    assert set(role["rules"][1]["resourceNames"]) == declared.keys()


def test_given_secrets_are_used_and_none_is_made() -> None:
    objects = case(CHART / "ci" / "given-secrets-values.yaml")
    assert "mercato-setup" not in {workload for workload, _ in pods(objects)}
    assert variables(objects, "customer")["MERCATO_ADMIN_PASSWORD"] == "first-admin/password"
    assert variables(objects, "postgres")["POSTGRES_PASSWORD"] == "database-roles/postgres"
    assert not of_kind(objects, "PersistentVolumeClaim")


def keys_of(generation: int) -> list[str]:
    """Which key generation signs last, read as the customer service reads the folder."""
    pod = dict(pods(rendered("--set", f"oidc.signingKeyGeneration={generation}")))["customer"]
    volume = next(volume for volume in pod["spec"]["volumes"] if volume["name"] == "signing-keys")
    return [item["key"] for item in sorted(volume["secret"]["items"], key=lambda item: item["path"])]


def test_signing_keys_overlap_when_they_rotate() -> None:
    assert keys_of(1) == ["2", "1"]
    assert keys_of(2) == ["1", "3", "2"]
    assert keys_of(3)[-1] in keys_of(2), "the next key is published before it signs"
    assert keys_of(2)[-1] in keys_of(3), "the previous key is published after it signed"


def test_external_kafka_is_reached_with_its_user_and_authority() -> None:
    found = variables(case(CHART / "values-external.yaml"), "order")
    assert found["MERCATO_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert found["MERCATO_KAFKA_PASSWORD"] == "mercato-kafka-users/order"
    assert found["MERCATO_KAFKA_CA_FILE"] == "/etc/mercato/kafka-ca/ca.crt"
    assert found["PGSSLROOTCERT"] == "/etc/mercato/postgres-ca/ca.crt"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_nothing_but_data_is_kept_when_the_release_goes(path: Path) -> None:
    kept = {
        each["kind"]
        for each in case(path)
        if (each["metadata"].get("annotations") or {}).get("helm.sh/resource-policy") == "keep"
    }
    assert kept <= {"PersistentVolumeClaim", "Kafka", "KafkaNodePool", "KafkaTopic"}


def test_the_default_install_fits_a_small_machine() -> None:
    """Requested, Kafka and PostgreSQL included: below 2.5 GiB and one CPU and a half."""
    memory = cpu = 0
    for each in of_kind(rendered(), "Deployment", "StatefulSet"):
        for container in each["spec"]["template"]["spec"]["containers"]:
            requests = container["resources"]["requests"]
            memory += int(requests["memory"].removesuffix("Mi"))
            cpu += int(requests["cpu"].removesuffix("m"))
    assert memory < 2560
    assert cpu < 1500


def test_the_values_schema_is_valid_and_knows_every_default() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())

    def check(part: dict[str, Any], schema_part: dict[str, Any], where: str) -> None:
        for key, value in part.items():
            known = schema_part.get("properties", {})
            assert key in known or "additionalProperties" in schema_part, f"{where}{key}"
            if isinstance(value, dict) and key in known and "properties" in known[key]:
                check(value, known[key], f"{where}{key}.")

    assert schema["additionalProperties"] is False
    check(defaults, schema, "")


def test_config_and_discovery_read_their_own_namespace_from_the_api_server() -> None:
    objects = rendered("--set", "config.namespaces={more}")
    assert variables(objects, "config")["MERCATO_BACKEND"] == "kubernetes"
    assert json.loads(variables(objects, "config")["MERCATO_NAMESPACES"]) == ["shop", "more"]
    assert variables(objects, "discovery")["MERCATO_BACKEND"] == "endpointslices"
    assert json.loads(variables(objects, "discovery")["MERCATO_NAMESPACES"]) == ["shop"]
    assert {role["metadata"]["namespace"] for role in of_kind(objects, "Role") if name(role) == "mercato-config"} == {
        "shop",
        "more",
    }


def test_discovery_lists_the_gateways_control_plane_and_not_envoy() -> None:
    service = named(rendered(), "Service", "gateway")
    port = service["metadata"]["labels"]["primary-port-name"]
    assert {each["name"]: each["targetPort"] for each in service["spec"]["ports"]}[port] == 8081


def test_discovery_by_dns_has_headless_services_with_the_pods_own_ports() -> None:
    objects = rendered("--set", "discovery.backend=dns")
    found = {name(each): each["spec"] for each in of_kind(objects, "Service") if name(each).endswith("-instances")}
    assert {"order-instances", "gateway-instances"} <= found.keys()
    assert all(spec["clusterIP"] == "None" for spec in found.values())
    assert found["order-instances"]["ports"][0]["port"] == 8080
    assert found["gateway-instances"]["ports"][0]["port"] == 8081
    assert "{service}-instances" in variables(objects, "discovery")["MERCATO_DNS_NAME"]
