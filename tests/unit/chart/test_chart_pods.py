"""What holds for every pod of every value file."""

import re
from pathlib import Path

import pytest

from tests.unit.chart.chart_objects import (
    CASES,
    CHART,
    Object,
    case,
    component,
    containers,
    name,
    of_kind,
    pods,
    rendered,
    run,
)

pytestmark = pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)


def test_it_passes_helms_own_lint(path: Path) -> None:
    done = run("lint", "--strict", str(CHART), "--values", str(path), "--kube-version", "1.34.0")
    assert done.returncode == 0, done.stdout


def test_every_pod_is_restricted(path: Path) -> None:
    """As the Pod Security Standard `restricted` says, and with a root file system that is read-only."""
    for _, pod in pods(case(path)):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        given = {spec["securityContext"].get(key) for key in ("runAsUser", "runAsGroup", "fsGroup")}
        assert given == {None if path.stem == "values-openshift" else 65532}
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert not [volume for volume in spec["volumes"] if "hostPath" in volume]
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_every_container_has_resources_and_room_for_temporary_files(path: Path) -> None:
    for _, pod in pods(case(path)):
        for container in containers(pod):
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}  # noqa: S108


def test_every_mount_has_its_volume(path: Path) -> None:
    for workload, pod in pods(case(path)):
        volumes = [volume["name"] for volume in pod["spec"]["volumes"]]
        assert len(volumes) == len(set(volumes)), workload
        for container in containers(pod):
            assert {mount["name"] for mount in container["volumeMounts"]} <= set(volumes), workload


def test_no_image_floats(path: Path) -> None:
    for _, pod in pods(case(path)):
        for container in containers(pod):
            assert re.search(r":(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?$", container["image"]), container["image"]


def test_a_token_is_mounted_exactly_where_a_role_is_bound(path: Path) -> None:
    objects = case(path)
    bindings = of_kind(objects, "RoleBinding", "ClusterRoleBinding")
    bound = {subject["name"] for binding in bindings for subject in binding["subjects"]}
    accounts = {name(account): account for account in of_kind(objects, "ServiceAccount")}
    for workload, pod in pods(objects):
        account = pod["spec"]["serviceAccountName"]
        assert accounts[account]["automountServiceAccountToken"] is False
        assert pod["spec"]["automountServiceAccountToken"] is (account in bound), workload


def test_long_running_pods_answer_probes_and_leave_traffic_time_to_go(path: Path) -> None:
    for each in of_kind(case(path), "Deployment"):
        spec = each["spec"]["template"]["spec"]
        assert each["spec"]["strategy"] == {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        for container in spec["containers"]:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
            assert "preStop" in container["lifecycle"]
        assert spec["terminationGracePeriodSeconds"] >= 20
        assert len(spec["topologySpreadConstraints"]) == 2


def test_more_than_one_pod_has_a_disruption_budget(path: Path) -> None:
    objects = case(path)
    budgets = {name(each) for each in of_kind(objects, "PodDisruptionBudget")}
    scalers = {name(each): each["spec"] for each in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")}
    for each in of_kind(objects, "Deployment"):
        scaler = scalers.get(name(each), {})
        least = scaler.get("minReplicas") or scaler.get("minReplicaCount") or each["spec"].get("replicas")
        assert (name(each) in budgets) is (least > 1), name(each)
        assert ("replicas" in each["spec"]) is not (name(each) in scalers)


def test_every_object_is_labelled_and_in_the_releases_namespace(path: Path) -> None:
    for each in case(path):
        labels = each["metadata"].get("labels", {})
        assert labels.get("app.kubernetes.io/name") == "mercato", name(each)
        if not each["kind"].startswith(("Role", "Cluster", "GatewayClass")):
            assert each["metadata"]["namespace"] == "shop", name(each)


def test_services_lead_to_ports_that_their_pods_have(path: Path) -> None:
    objects = case(path)
    by_component: dict[str, Object] = {component(pod): pod for _, pod in pods(objects)}
    for service in of_kind(objects, "Service"):
        pod = by_component[service["spec"]["selector"]["app.kubernetes.io/component"]]
        ports = {port["containerPort"] for container in containers(pod) for port in container.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports, name(service)


def test_every_configmap_and_claim_that_is_mounted_is_there(path: Path) -> None:
    objects = case(path)
    maps = {name(each) for each in of_kind(objects, "ConfigMap")}
    claims = {name(each) for each in of_kind(objects, "PersistentVolumeClaim")}
    for _, pod in pods(objects):
        for volume in pod["spec"]["volumes"]:
            assert volume.get("configMap", {"name": None})["name"] in {*maps, None}
            assert volume.get("persistentVolumeClaim", {"claimName": None})["claimName"] in {*claims, None}


def test_it_renders_the_same_twice(path: Path) -> None:
    """Nothing random: an upgrade that changes nothing restarts nothing."""
    again = rendered("--values", str(path), "--set-string", "admin.email=admin@mercato.example")
    assert again == case(path)
