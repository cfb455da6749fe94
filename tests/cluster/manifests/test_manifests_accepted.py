"""A real API server takes every object that comes with the project, in a restricted namespace, without a warning."""

import json
from pathlib import Path

import pytest

from tests.cluster.manifests.admission import Admission, Manifest, manifests
from tests.cluster.manifests.shipped import STRIMZI, VALUES, plain, rendered

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLAIN = plain()


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
async def test_what_the_chart_renders_is_taken_without_a_warning(admission: Admission, values: list[Path]) -> None:
    told = [complaint for manifest in rendered(values) for complaint in await admission.complaints(manifest)]
    assert not told, "\n".join(told)


@pytest.mark.parametrize("found", PLAIN.values(), ids=PLAIN.keys())
async def test_what_k8s_holds_is_taken_without_a_warning(admission: Admission, found: list[Manifest]) -> None:
    told = [complaint for manifest in found for complaint in await admission.complaints(manifest)]
    assert not told, "\n".join(told)


POD = """
apiVersion: v1
kind: Pod
metadata: {{name: bad, namespace: shop}}
spec:
  serviceAccountName: default
  {security}
  containers:
    - name: bad
      image: bad:1
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      {more}
"""
TOPIC = "{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {name: t, namespace: shop}, spec: {brokers: 1}}"
RESTRICTED = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (POD.format(security="", more=""), 'violates PodSecurity "restricted:latest"'),
        (POD.format(security=RESTRICTED, more="surprise: true"), 'unknown field "spec.containers[0].surprise"'),
        (POD.format(security=RESTRICTED, more="image: bad:2"), "already set"),
        (TOPIC, 'unknown field "spec.brokers"'),
        ("{apiVersion: example.dev/v1, kind: Thing, metadata: {name: x}}", "no definition of example.dev/v1 Thing"),
    ],
)
async def test_what_is_wrong_is_told(admission: Admission, text: str, complaint: str) -> None:
    (manifest,) = manifests(text)
    told = await admission.complaints(manifest)
    assert any(complaint in one for one in told), told


async def test_strimzis_pods_are_restricted(admission: Admission) -> None:
    """As it makes them of the templates in the Kafka object; its operator is not needed to tell."""
    (kafka,) = [one.content["spec"] for one in rendered([STRIMZI]) if one.content["kind"] == "Kafka"]
    for part in (kafka["kafka"]["template"], kafka["entityOperator"]["template"]):
        spec = {**part["pod"], "serviceAccountName": "default", "containers": []}
        for key, container in part.items():
            if key != "pod":
                spec["containers"].append({"name": key.lower(), "image": "strimzi:1", **container})
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "strimzi"}, "spec": spec}
        assert await admission.complaints(Manifest(json.dumps(pod), pod)) == []


async def test_a_restricted_pod_is_taken(admission: Admission) -> None:
    (manifest,) = manifests(POD.format(security=RESTRICTED, more=""))
    assert await admission.complaints(manifest) == []
