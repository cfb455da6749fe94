"""Odd values that cannot be taken are refused by their names, all at once, before anything reaches the API server."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.chart.chart_objects import CHART, run

REFUSED: dict[str, Any] = {
    "images.registry": "https://registry.example",
    "images.tag": 20240101,
    "images.overrides.order": "registry.example/order: 1",
    "images.overrides.product": 1.10,
    "images.pullSecrets.0": 7,
    "images.pullSecrets.1": " padded ",
    "defaults.replicas": 2**31,
    "defaults.resources.requests.cpu": "0,5",
    "defaults.resources.requests.mem": "1Gi",
    "defaults.resources.limits.memory": "1 Gi",
    "defaults.autoscaling.maxReplicas": -1,
    "defaults.restartOnConfig": "yes",
    "defaults.terminationGracePeriodSeconds": 0,
    "defaults.preStopSeconds": "5s",
    "defaults.podSecurityContext.runAsUser": "65532",
    "defaults.podSecurityContext.runAsUsr": 1,
    "defaults.podSecurityContext.fsGroupChangePolicy": "Sometimes",
    "defaults.containerSecurityContext.privileged": "no",
    "defaults.podAnnotations.a b": "x",
    "defaults.podAnnotations.ready": True,
    "defaults.podLabels.team": "a b",
    "defaults.podLabels.port": 8080,
    "defaults.podLabels.long": "x" * 64,
    "defaults.nodeSelector.gpu": True,
    "defaults.tolerations.0": None,
    "defaults.tolerations.1.key": 1,
    "defaults.tolerations.1.effect": "NoRun",
    "defaults.tolerations.1.tolerationSeconds": "60",
    "defaults.affinity.nodeAffinty": {},
    "defaults.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.weight": 0,
    "defaults.extraEnv.0": {"name": "A", "value": 1},
    "defaults.extraEnv.1": {"name": "B", "value": True},
    "defaults.extraEnv.2": {"name": "C", "value": 1.5},
    "defaults.extraEnv.3": {"name": "D", "valeu": "x"},
    "defaults.extraEnv.4": {"name": "", "value": "x"},
    "defaults.extraEnv.5": {"name": "E=F", "value": "x"},
    "defaults.extraEnv.6": {"value": "x"},
    "defaults.extraEnv.7": {"name": "G", "valueFrom": {"secretKeyRef": {"name": "s", "key": 1}}},
    "defaults.extraEnv.8": "H=x",
    "defaults.extraVolumes.0": {"name": "Up", "emptyDir": {}},
    "defaults.extraVolumes.1": {"name": "v", "emptydir": {}},
    "defaults.extraVolumes.2": {"name": "w", "configMap": {"name": "c", "defaultMode": "0644"}},
    "defaults.extraVolumeMounts.0": {"name": "v", "mountPath": "/a:b"},
    "defaults.extraVolumeMounts.1": {"name": "v", "mountPath": "/a", "readOnly": "true"},
    "components.orders": {},
    "components.order.extraEnv.0": {"name": "A", "value": 0},
    "components.kafka.priorityClassName": 1000,
    "settings.order.deadline": {"seconds": 1},
    "settings.order.huge": 2**53,
    "settings.order.low": -(2**53),
    "settings.order.Camel": 1,
    "settings.mail": {"x": 1},
    "config.namespaces.0": 7,
    "config.namespaces.1": "x" * 64,
    "gateway.service.type": "None",
    "gateway.service.annotations.a": 1,
    "gateway.tls.secretName": 123,
    "gateway.concurrency": 1.5,
    "gateway.gatewayApi.hostname": "münchen.example",
    "ingress.enabled": "on",
    "ingress.host": "shop..example.com",
    "ingress.className": "Nginx",
    "oidc.issuer": "https://shop.example:99999",
    "oidc.audience": 5,
    "oidc.jwksUrl": "http:/customer",
    "oidc.signingKeyGeneration": 1001,
    "admin.email": "admin @example.com",
    "kafka.heap": "0m",
    "kafka.topicReplicas": "3",
    "kafka.persistence.size": "4gb",
    "kafka.persistence.storageClass": "fast",
    "kafka.persistence.storageClassName": 1,
    "kafka.external.bootstrap": "k1:9092, k2:9092",
    "kafka.external.manageUsers": "no",
    "kafka.strimzi.replicas": -3,
    "postgres.external.host": "db_1",
    "postgres.external.port": "5432",
    "mail.external.port": 65536,
    "mail.external.host": "smtp.example.com ",
    "autoscaling.lagThreshold": 0.5,
    "networkPolicy.enabled": "true",
    "networkPolicy.gatewayFrom.0": {"podSelecter": {}},
    "networkPolicy.metricsFrom.0": {"namespaceSelector": {"matchLabels": {"a": 1}}},
    "networkPolicy.apiServer.cidr": "10.0.0.256/32",
    "networkPolicy.dns.ports.0": 0,
    "networkPolicy.external.except.0": "::::/8",
    "telemetry.otlpEndpoint": "collector",
    "serviceMonitor.interval": "0s",
    "setup.ttlSecondsAfterFinished": 2**31,
    "toolbox.enabled": "off",
    "tolbox": {},
}
"""Where it is, and what it is."""


def given(values: dict[str, Any]) -> Any:
    """As one document. A step that is a number is a place in a list."""
    whole: dict[str, Any] = {}
    for path, value in values.items():
        steps, at = path.split("."), whole
        for step in steps[:-1]:
            at = at.setdefault(step, {})
        at[steps[-1]] = value
    return _lists(whole)


def _lists(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    if part and all(key.isdigit() for key in part):
        return [_lists(value) for value in part.values()]
    return {key: _lists(value) for key, value in part.items()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the project's Helm says of all of them together."""
    path = tmp_path_factory.mktemp("odd") / "values.yaml"
    path.write_text(json.dumps(given(REFUSED)))
    done = run("template", "mercato", str(CHART), "--values", str(path))
    assert done.returncode != 0
    assert "nil pointer" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("path", REFUSED)
def test_it_is_refused_by_its_name(told: str, path: str) -> None:
    steps = path.split(".")
    where = "/" + "/".join(steps)
    of_a_key = f"- at '{'/' + '/'.join(steps[:-1]) if steps[:-1] else ''}': "
    lines = [line.strip() for line in told.splitlines()]
    by_key = [line for line in lines if line.startswith(of_a_key) and f"'{steps[-1]}'" in line]
    by_value = [line for line in lines if line.startswith((f"- at '{where}':", f"- at '{where}/"))]
    names = [line for line in lines if "invalid propertyName" in line and f"'{steps[-1]}'" in line]
    assert by_key or by_value or names, told


def test_a_misspelt_key_is_answered_with_those_there_are(told: str) -> None:
    for wrong, right in (("tolbox", "toolbox"), ("storageClass", "storageClassName"), ("orders", "order")):
        assert re.search(rf"invalid propertyName '{wrong}'\n.*'{right}'", told), wrong


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"defaults.extraEnv": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, "defaults.extraEnv has A"),
        (
            {"components.order.extraEnv": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]},
            "components.order.extraEnv gives A both value and valueFrom: remove one",
        ),
        (
            {"components.order.resources.limits": {"memory": "64Mi"}},
            "components.order.resources.limits.memory is below what is requested, 112Mi: raise it",
        ),
        (
            {"gateway.controlPlane.resources": {"requests": {"cpu": 2}, "limits": {"cpu": "1500m"}}},
            "gateway.controlPlane.resources.limits.cpu is below what is requested, 2: raise it",
        ),
        (
            {"defaults.podLabels": {"app.kubernetes.io/name": "mine"}},
            "defaults.podLabels has app.kubernetes.io/name, by which the chart finds its pods",
        ),
        (
            {"components.kafka.extraVolumes": [{"name": "data", "emptyDir": {}}]},
            "extraVolumes has data, which is a volume of the chart's own in the pods of kafka",
        ),
        (
            {"defaults.extraVolumeMounts": [{"name": "more", "mountPath": "/more"}]},
            "extraVolumeMounts names more, which is no volume in the pods of",
        ),
        (
            {"components.mail.extraVolumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]},  # noqa: S108
            "extraVolumeMounts has /tmp, where the chart mounts a volume of its own in the pods of mail",
        ),
        ({"ingress.host": "10.0.0.1"}, "ingress.host is an address: give a name"),
        ({"kafka.external": None, "kafka.mode": "external"}, "kafka.external.bootstrap is empty"),
    ],
)
def test_what_does_not_go_together_is_told_once_with_the_remedy(
    values: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(json.dumps(given(values)))
    done = run("template", "mercato", str(CHART), "--values", str(path))
    assert done.stderr.count(sentence) == 1, done.stderr
