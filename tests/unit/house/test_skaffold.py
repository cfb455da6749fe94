"""skaffold.yaml is valid, builds every image the chart runs, and syncs what each image holds."""

import copy
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cli.images.catalogue import CHART, IMAGES, NAMES
from tests.unit.chart.chart_objects import rendered

ROOT = Path(__file__).parents[3]
TOGETHER = (
    (),
    ("kind",),
    ("strimzi",),
    ("production-like",),
    ("kind", "strimzi"),
    ("kind", "production-like"),
    ("strimzi", "production-like"),
)
SCHEMA = "MERCATO_SKAFFOLD_SCHEMA"


@pytest.fixture(scope="module")
def skaffold() -> Any:
    return yaml.safe_load((ROOT / "skaffold.yaml").read_text(encoding="utf-8"))


def test_it_follows_the_schema_with_every_profile(skaffold: Any) -> None:
    path = os.environ.get(SCHEMA)
    if not path:
        pytest.skip(f"{SCHEMA} names no file with the JSON schema skaffold/v4beta14")
    schema = json.loads(Path(path).read_text(encoding="utf-8"))
    for names in TOGETHER:
        jsonschema.validate(with_profiles(skaffold, *names), schema)


def test_it_builds_the_images_there_are_in_the_same_way(skaffold: Any) -> None:
    built = {
        artifact["image"]: (artifact["docker"]["dockerfile"], artifact["docker"].get("buildArgs", {}))
        for artifact in skaffold["build"]["artifacts"]
    }
    assert built == {f"mercato-{image.name}": (image.dockerfile, dict(image.arguments)) for image in IMAGES}


def test_it_installs_each_of_them(skaffold: Any) -> None:
    release = skaffold["deploy"]["helm"]["releases"][0]
    assert ROOT / release["chartPath"] == CHART
    assert release["setValueTemplates"] == {
        f"images.overrides.{name}": f"{{{{.IMAGE_FULLY_QUALIFIED_mercato_{name}}}}}" for name in NAMES
    }


def test_the_chart_runs_no_other_image() -> None:
    templates = "\n".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").rglob("*.*"))
    components = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["components"]
    named = set(re.findall(r'"image" "([a-z-]+)"', templates))
    assert named <= set(NAMES)
    assert set(components) - {"mail", "jobs"} <= set(NAMES)


def test_changed_python_files_reach_the_image_that_holds_them(skaffold: Any) -> None:
    synced = {
        artifact["image"].removeprefix("mercato-"): {rule["src"] for rule in artifact["sync"]["manual"]}
        for artifact in skaffold["build"]["artifacts"]
        if "sync" in artifact
    }
    assert synced == {
        image.name: {"services/chassis/**/*.py", f"{image.arguments['FOLDER']}/{image.name}/**/*.py"}
        for image in IMAGES
        if image.arguments
    }


def test_production_like_runs_the_images_as_they_are_released(skaffold: Any) -> None:
    (profile,) = (profile for profile in skaffold["profiles"] if profile["name"] == "production-like")
    removed = {patch["path"] for patch in profile["patches"] if patch["op"] == "remove"}
    developed = {n for n, artifact in enumerate(skaffold["build"]["artifacts"]) if "target" in artifact["docker"]}
    assert removed == {f"/build/artifacts/{n}/{what}" for n in developed for what in ("docker/target", "sync")}


def with_profiles(skaffold: Any, *names: str) -> Any:
    """What the patches of these profiles make of it, one after the other."""
    changed = copy.deepcopy(skaffold)
    for profile in (profile for name in names for profile in skaffold["profiles"] if profile["name"] == name):
        for patch in profile["patches"]:
            *steps, last = patch["path"].strip("/").split("/")
            place = changed
            for step in steps:
                place = place[int(step) if isinstance(place, list) else step]
            if patch["op"] == "remove":
                del place[last]
            else:
                place[last] = patch["value"]
    return changed


def values(skaffold: Any) -> list[str]:
    """Helm's arguments for what the release sets, without the images."""
    release = skaffold["deploy"]["helm"]["releases"][0]
    files = [argument for path in release.get("valuesFiles", []) for argument in ("--values", str(ROOT / path))]
    return [*files, "--set", ",".join(f"{key}={value}" for key, value in release["setValues"].items())]


@pytest.mark.parametrize("names", TOGETHER, ids="+".join)
def test_profiles_that_go_together_lose_nothing_and_the_chart_takes_their_values(
    skaffold: Any, names: tuple[str, ...]
) -> None:
    changed = with_profiles(skaffold, *names)
    release = changed["deploy"]["helm"]["releases"][0]
    for name in names:
        own = with_profiles(skaffold, name)["deploy"]["helm"]["releases"][0]
        assert own["setValues"].items() - skaffold["deploy"]["helm"]["releases"][0]["setValues"].items() <= (
            release["setValues"].items()
        )
    deployments = {
        each["metadata"]["name"]: each for each in rendered(*values(changed)) if each["kind"] == "Deployment"
    }
    container = deployments["order"]["spec"]["template"]["spec"]["containers"][0]
    assert container["imagePullPolicy"] == ("Never" if "kind" in names else "IfNotPresent")


def test_the_gateway_is_forwarded_to_port_8080(skaffold: Any) -> None:
    (forward,) = skaffold["portForward"]
    assert (forward["resourceName"], forward["port"], forward["localPort"]) == ("gateway", 80, 8080)
