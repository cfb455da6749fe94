"""k8s/cloudnative-pg, by its shape alone: the definitions of CloudNativePG are in no package that a test could take."""

from typing import Any

import pytest
import yaml

from tests.unit.chart.chart_objects import ROOT, environment, named, rendered

FOLDER = ROOT / "k8s" / "cloudnative-pg"


@pytest.fixture
def cluster() -> Any:
    return yaml.safe_load((FOLDER / "cluster.yaml").read_text())


def test_the_cluster_is_of_cloudnative_pg_in_the_releases_namespace(cluster: Any) -> None:
    assert (cluster["apiVersion"], cluster["kind"]) == ("postgresql.cnpg.io/v1", "Cluster")
    namespace = yaml.safe_load((ROOT / "k8s" / "namespace.yaml").read_text())
    assert cluster["metadata"]["namespace"] == namespace["metadata"]["name"]
    assert cluster["spec"].keys() == {"instances", "enableSuperuserAccess", "storage", "resources", "postgresql"}
    assert all(isinstance(value, str) for value in cluster["spec"]["postgresql"]["parameters"].values())


def test_the_chart_finds_the_service_and_the_secrets_that_its_operator_makes(cluster: Any) -> None:
    name = cluster["metadata"]["name"]
    assert cluster["spec"]["enableSuperuserAccess"] is True
    job = named(rendered("--values", str(FOLDER / "values.yaml")), "Job", "databases-1")
    pod = job["spec"]["template"]["spec"]
    found = environment(pod["containers"][0])
    assert found["PGHOST"] == f"{name}-rw"
    assert found["PGUSER"] == f"{name}-superuser/username"
    assert found["PGPASSWORD"] == f"{name}-superuser/password"
    assert f"{name}-ca" in {volume.get("secret", {}).get("secretName") for volume in pod["volumes"]}
