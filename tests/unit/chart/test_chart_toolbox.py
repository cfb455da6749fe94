"""The toolbox: a pod that is made only when somebody asks for it, and reaches what no other pod may."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.chart.chart_objects import (
    CASES,
    CHART,
    Object,
    case,
    component,
    containers,
    environment,
    name,
    named,
    pods,
    rendered,
)

STRIMZI = CHART / "values-strimzi.yaml"
EXTERNAL = CHART / "values-external.yaml"


def cron_job(objects: tuple[Object, ...]) -> Any:
    return named(objects, "CronJob", "toolbox")["spec"]


def variables(objects: tuple[Object, ...]) -> dict[str, Any]:
    (container,) = cron_job(objects)["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return environment(container)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_it_never_starts_by_itself_and_a_job_made_from_it_ends(path: Path) -> None:
    spec = cron_job(case(path))
    assert spec["suspend"] is True
    assert spec.get("concurrencyPolicy", "Allow") == "Allow", "several may look at the same time"
    job = spec["jobTemplate"]["spec"]
    assert job["activeDeadlineSeconds"] == 3600
    assert job["ttlSecondsAfterFinished"] <= 600
    assert job["backoffLimit"] == 0
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_its_pod_only_sleeps_has_no_token_and_room_for_every_order() -> None:
    pod = cron_job(rendered())["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["command"] == ["sleep", "3600"]
    assert container["image"].startswith("localhost/mercato-toolbox:")
    assert container["resources"]["limits"] == {"memory": "1Gi"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["terminationGracePeriodSeconds"] <= 5, "sleep as the first process hears no SIGTERM"


def test_it_can_be_left_out_with_all_that_is_its_own() -> None:
    objects = rendered("--values", str(STRIMZI), "--set", "toolbox.enabled=false")
    assert "toolbox" not in {component(pod) for _, pod in pods(objects)}
    assert not [each for each in objects if "toolbox" in name(each)]


def test_on_the_bundled_broker_it_is_the_administrator() -> None:
    found = variables(rendered())
    assert found["MERCATO_KAFKA_BOOTSTRAP"] == "kafka:9092"
    assert found["MERCATO_KAFKA_USERNAME"] == "admin"
    assert found["MERCATO_KAFKA_PASSWORD"] == "mercato-kafka/admin"


def test_at_strimzi_it_is_a_user_to_whom_the_operator_gives_the_rights_to_look_at_everything() -> None:
    objects = case(STRIMZI)
    assert variables(objects)["MERCATO_KAFKA_PASSWORD"] == "mercato-kafka/toolbox"
    operator = containers(dict(pods(objects))["operator"])[0]
    assert environment(operator)["MERCATO_KAFKA_OBSERVER"] == "toolbox"


@pytest.mark.parametrize(
    ("values", "user"),
    [
        ("kafka.external.adminUsername=root", "root"),
        ("kafka.external.adminUsername=root,kafka.external.username=shop", "root"),
        ("kafka.external.adminUsername=,kafka.external.username=shop", "shop"),
        ("kafka.external.adminUsername=", None),
    ],
)
def test_at_an_external_kafka_it_is_the_user_that_is_named_for_it(values: str, user: str | None) -> None:
    found = variables(rendered("--values", str(EXTERNAL), "--set", values))
    assert found.get("MERCATO_KAFKA_USERNAME") == user
    assert found.get("MERCATO_KAFKA_PASSWORD") == (user and f"mercato-kafka-users/{user}")


def test_it_has_every_roles_password_and_postgresqls_address() -> None:
    objects = rendered()
    assert variables(objects)["MERCATO_POSTGRES_ADDRESS"] == "postgres:5432"
    pod = cron_job(objects)["jobTemplate"]["spec"]["template"]["spec"]
    (secret,) = (volume["secret"] for volume in pod["volumes"] if volume["name"] == "databases")
    assert secret["secretName"] == "mercato-databases"
    assert {item["path"] for item in secret["items"]} == {
        *("customer", "notification", "order", "payment", "product", "simulator"),
    }


def test_it_trusts_whom_the_services_trust() -> None:
    found = variables(case(EXTERNAL))
    assert found["MERCATO_POSTGRES_ADDRESS"] == "postgres.example.com:5432"
    assert found["PGSSLMODE"] == "verify-full"
    assert found["PGSSLROOTCERT"] == "/etc/mercato/postgres-ca/ca.crt"
    assert found["MERCATO_KAFKA_CA_FILE"] == "/etc/mercato/kafka-ca/ca.crt"


def test_it_knows_which_parts_for_trying_out_there_are() -> None:
    assert variables(rendered())["MERCATO_PAYMENT_MODE"] == "simulator"
    assert variables(rendered())["MERCATO_MAIL_URL"] == "http://mail"
    found = variables(case(EXTERNAL))
    assert found["MERCATO_PAYMENT_MODE"] == "stripe"
    assert "MERCATO_MAIL_URL" not in found


@pytest.mark.parametrize(("path", "port"), [(STRIMZI, 9093), (EXTERNAL, 9094)])
def test_it_may_reach_a_kafka_that_is_not_bundled(path: Path, port: int) -> None:
    policy = named(case(path), "NetworkPolicy", "mercato-toolbox")["spec"]
    assert {"port": port} in [found for rule in policy["egress"] for found in rule["ports"]]
    assert "ingress" not in policy
