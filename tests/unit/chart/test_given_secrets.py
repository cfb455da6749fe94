"""The Secrets that are made for the case of values with given ones are those its pods read, and no other."""

import subprocess
import sys

import yaml

from tests.unit.chart.chart_objects import CHART, ROOT, Object, case, containers, pods


def read(objects: tuple[Object, ...]) -> dict[str, set[str]]:
    """Keys by Secret; none of one that is mounted as it is."""
    found: dict[str, set[str]] = {}
    for _, pod in pods(objects):
        for container in containers(pod):
            for variable in container.get("env", []):
                if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                    found.setdefault(reference["name"], set()).add(reference["key"])
        for volume in pod["spec"]["volumes"]:
            if secret := volume.get("secret"):
                found.setdefault(secret["secretName"], set()).update(item["key"] for item in secret.get("items", []))
    return found


def test_the_script_makes_what_the_pods_read() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "make-given-secrets")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    made = {each["metadata"]["name"]: each["stringData"] for each in yaml.safe_load_all(done.stdout)}
    wanted = read(case(CHART / "ci" / "given-secrets-values.yaml"))
    assert made.keys() == wanted.keys()
    assert list(made["signing-keys"]) == ["1.pem"]
    assert {name: set(made[name]) for name in wanted if name != "signing-keys"} == {
        name: keys for name, keys in wanted.items() if name != "signing-keys"
    }
    values = [value for keys in made.values() for value in keys.values()]
    assert all(values)
    assert len(set(values)) == len(values)
