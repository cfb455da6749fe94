"""Every manifest that comes with the project: what the chart renders of each file of values, and the folder k8s."""

from pathlib import Path

import yaml

from tests.cluster.manifests.admission import NAMESPACE, Manifest, manifests
from tests.unit.chart.chart_objects import CHART, KUBERNETES, ROOT, run

PRODUCTION = CHART / "values-production.yaml"
KEDA = CHART / "ci" / "keda-values.yaml"
STRIMZI = CHART / "values-strimzi.yaml"
EXTERNAL = CHART / "values-external.yaml"

VALUES: dict[str, list[Path]] = {
    "defaults": [],
    **{path.stem: [path] for path in sorted([*CHART.glob("values-*.yaml"), *CHART.glob("ci/*-values.yaml")])},
    "external in production": [EXTERNAL, PRODUCTION],
    "strimzi in production": [STRIMZI, PRODUCTION],
    "strimzi scaled by KEDA": [STRIMZI, KEDA],
    "external scaled by KEDA": [EXTERNAL, KEDA],
    "cloudnative-pg": [ROOT / "k8s" / "cloudnative-pg" / "values.yaml"],
}
"""Files of values that go together, by name."""


def rendered(values: list[Path]) -> list[Manifest]:
    """What Helm would install with these files of values."""
    chosen = [argument for path in values for argument in ("--values", str(path))]
    done = run("template", "mercato", str(CHART), "--namespace", NAMESPACE, "--kube-version", KUBERNETES, *chosen)
    assert done.returncode == 0, done.stderr
    return manifests(done.stdout)


def plain() -> dict[str, list[Manifest]]:
    """The files of k8s that hold objects, by their path there; values and the input of kind are none.

    Without CloudNativePG's, whose definitions are in no package: a unit test sees to their shape.
    """
    folder = ROOT / "k8s"
    found = {}
    for path in sorted(folder.rglob("*.yaml")):
        documents = list(yaml.safe_load_all(path.read_text()))
        if all("metadata" in each for each in documents) and path.parent.name != "cloudnative-pg":
            found[path.relative_to(folder).as_posix()] = manifests(path.read_text())
    return found
