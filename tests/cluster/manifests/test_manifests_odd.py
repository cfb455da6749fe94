"""A real API server takes what the chart makes of odd values, and of odd words in the project's own kinds."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cluster.manifests.admission import Admission, manifests
from tests.unit.chart.chart_objects import CHART, ROOT, run
from tests.unit.chart.odd_values import NAMES, NAMESPACE, NUMBERS, RELEASE, WORDS, Values

pytestmark = pytest.mark.asyncio(loop_scope="module")
OPENSHIFT = yaml.safe_load((CHART / "values-openshift.yaml").read_text())


async def prepare(admission: Admission) -> None:
    """Namespaces and classes whose names look like something else."""
    namespace = yaml.safe_load((ROOT / "k8s" / "namespace.yaml").read_text())
    for name in WORDS:
        await admission.admin.put({**namespace, "metadata": {**namespace["metadata"], "name": name}})
        priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        await admission.admin.put({**priority, "value": 1000})


@pytest.mark.parametrize(
    "values", [*NAMES.values(), NUMBERS, OPENSHIFT], ids=[*NAMES, "numbers", "ids that the cluster gives"]
)
async def test_odd_values_are_taken_without_a_warning(admission: Admission, values: Values, tmp_path: Path) -> None:
    await prepare(admission)
    path = tmp_path / "values.yaml"
    path.write_text(json.dumps(values))
    done = run("template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", str(path))
    assert done.returncode == 0, done.stderr
    told = [complaint for each in manifests(done.stdout) for complaint in await admission.complaints(each)]
    assert not told, "\n".join(told)


TOPIC = "{{apiVersion: mercato.dev/v1alpha1, kind: OrderTopic, metadata: {{name: t}}, spec: {{partitions: 1, {}}}}}"
SERVICE = (
    "{{apiVersion: mercato.dev/v1alpha1, kind: CommerceService, metadata: {{name: s}}, spec: {{image: 'a:1', {}}}}}"
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (TOPIC.format("config: {a: 1, b: 0.5, c: true, d: 604800000, e: 'text', f: 10000000}"), None),
        (TOPIC.format("config: {retention.ms: 1}"), "give retention.ms as spec.retention"),
        (TOPIC.format("config: {retention.ms: '1'}"), "give retention.ms as spec.retention"),
        (TOPIC.format("config: [a]"), "spec.config: Invalid value"),
        (SERVICE.format("config: {a: 1, b: 0.5, c: true, d: {e: [1]}}"), None),
        (SERVICE.format("env: [{name: A, value: '1'}]"), None),
        (SERVICE.format("env: [{name: A, value: 1}]"), "spec.env[0].value: Invalid value"),
        (SERVICE.format("env: [{name: A, value: true}]"), "spec.env[0].value: Invalid value"),
        (SERVICE.format("resources: {requests: {cpu: 1, memory: 100000000}}"), None),
    ],
)
async def test_numbers_and_truths_in_our_kinds(admission: Admission, text: str, complaint: str | None) -> None:
    (manifest,) = manifests(text)
    told = await admission.complaints(manifest)
    assert bool(told) == bool(complaint), told
    assert complaint is None or any(complaint in one for one in told), told
