"""Every value a person can write is taken as it was meant, or refused by its name; so says the project's own Helm."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.cluster.tools import KUBERNETES, NODE
from tests.support.absent import Absent
from tests.support.go_modules import source_of
from tests.support.loading import load
from tests.unit.chart.chart_objects import CHART, Object, containers, environment, named, of_kind, pods, run
from tests.unit.chart.odd_values import NAMES, NAMESPACE, NUMBERS, RELEASE, WORDS, Values

DEFAULTS: Values = yaml.safe_load((CHART / "values.yaml").read_text())
KUBERNETES_OWN = {"requests", "limits", "podSecurityContext", "containerSecurityContext"}
"""Where null leaves out a field instead."""
OPENSHIFT = CHART / "values-openshift.yaml"
STARTS = sorted(CHART.glob("values-*.yaml"))
NULLS = "\n".join(
    [
        "images:", "defaults:", "components:", "settings:", "config:", "discovery:", "gateway:", "ingress:", "oidc:",
        "admin:", "kafka:", "postgres:", "payment:", "mail:", "autoscaling:", "networkPolicy:", "telemetry:",
        "serviceMonitor:", "operator:", "setup:", "toolbox:", "global:",
    ]
)  # fmt: skip


def given(folder: Path, values: Values | str) -> str:
    path = folder / "values.yaml"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return str(path)


def template(*files: str, namespace: str = "shop", release: str = "mercato") -> str:
    """As a person writes it: Helm knows for which Kubernetes it was built."""
    chosen = [argument for path in files for argument in ("--values", path)]
    done = run("template", release, str(CHART), "--namespace", namespace, *chosen)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(text: str) -> tuple[Object, ...]:
    return tuple(document for document in yaml.load_all(text, yaml.CSafeLoader) if document)


@pytest.mark.parametrize("values", NAMES.values(), ids=NAMES.keys())
def test_a_name_that_looks_like_a_number_is_text_wherever_it_stands(values: Values, tmp_path: Path) -> None:
    text = template(given(tmp_path, values), namespace=NAMESPACE, release=RELEASE)
    scalars = [event for event in yaml.parse(text, yaml.CSafeLoader) if isinstance(event, yaml.ScalarEvent)]
    plain = {event.value for event in scalars if event.style is None or event.style == ""}
    quoted = {event.value for event in scalars} - plain
    assert quoted & set(WORDS)
    odd = {"true", "null"}  # these are booleans and nulls of Kubernetes too
    assert plain & (set(WORDS) - odd) == set()
    texts = [part for each in objects(text) for part in (each["metadata"], *_texts(each))]
    assert not [value for part in texts for value in _leaves(part) if not isinstance(value, str)]


def _texts(part: Any) -> Iterator[Any]:
    """What holds nothing but text, in whatever object it is."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in {"matchLabels", "labels", "annotations", "nodeSelector", "namespace", "secretName", "data"}:
                yield value
            elif key == "env":
                yield [{"name": one["name"], "value": one["value"]} for one in value if "value" in one]
            else:
                yield from _texts(value)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)


def _leaves(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield key
            yield from _leaves(value)
    elif isinstance(part, list):
        for each in part:
            yield from _leaves(each)
    else:
        yield part


def nulls(values: Values, depth: int) -> Values:
    """The same sections, with null for all that is `depth` levels down."""
    return {
        key: None if depth == 1 or not isinstance(value, dict) or key in KUBERNETES_OWN else nulls(value, depth - 1)
        for key, value in values.items()
        if depth == 1 or isinstance(value, dict)
    }


@pytest.fixture(scope="module")
def as_it_comes() -> tuple[Object, ...]:
    return objects(template())


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_value_that_is_null_has_its_default_however_deep(
    depth: int, as_it_comes: tuple[Object, ...], tmp_path: Path
) -> None:
    values = nulls(DEFAULTS, depth)
    assert None in _leaves(values)
    assert objects(template(given(tmp_path, values))) == as_it_comes


def test_sections_of_which_all_is_commented_out_have_their_defaults(
    as_it_comes: tuple[Object, ...], tmp_path: Path
) -> None:
    assert {line.rstrip(":") for line in NULLS.splitlines()} >= DEFAULTS.keys()
    assert objects(template(given(tmp_path, NULLS))) == as_it_comes


@pytest.mark.parametrize("path", STARTS, ids=lambda path: path.stem)
def test_null_takes_back_what_another_file_gave(path: Path, as_it_comes: tuple[Object, ...], tmp_path: Path) -> None:
    values = dict.fromkeys(yaml.safe_load(path.read_text()))
    assert objects(template(str(path), given(tmp_path, values))) == as_it_comes


def test_null_in_what_components_differ_by_is_as_if_it_were_not_there(
    as_it_comes: tuple[Object, ...], tmp_path: Path
) -> None:
    scaling = {"minReplicas": None, "maxReplicas": None, "cpu": None}
    own = dict.fromkeys(DEFAULTS["defaults"]) | {"autoscaling": scaling, "podAnnotations": {"a": None}}
    own |= {
        "resources": {"requests": None, "limits": None},
        "podLabels": {"b": None},
        "affinity": {"nodeAffinity": None},
    }
    values = {
        "components": {"config": own},
        "settings": {"payment": {"log_level": None}},
        "images": {"overrides": None},
    }
    assert objects(template(given(tmp_path, values))) == as_it_comes


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    text = template(given(tmp_path, NUMBERS))
    assert not re.search(r"[0-9]e\+[0-9]", text)
    found = objects(text)
    assert named(found, "ConfigMap", "order-kubernetes")["data"] == {
        "large": "10000000", "largest": "9007199254740991", "negative": "-12345678", "ratio": "0.25", "small": "1e-08",
        "whole": "604800000", "text": "10000000", "on_": "true", "empty": "",
    }  # fmt: skip
    order = named(found, "Deployment", "order")
    assert named(found, "Deployment", "discovery")["spec"]["replicas"] == 10_000_000
    assert named(found, "Deployment", "config")["spec"]["replicas"] == 0
    assert order["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 10_000_000
    scaler = named(found, "HorizontalPodAutoscaler", "order")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2_000_000, 2_147_483_647)
    assert scaler["metrics"][0]["resource"]["target"]["averageValue"] == "10000000"
    assert named(found, "Job", "mercato-setup")["spec"]["ttlSecondsAfterFinished"] == 10_000_000
    operator = named(found, "Deployment", "operator")["spec"]["template"]
    assert environment(containers(operator)[0])["MERCATO_TERMINATION_SECONDS"] == "10000000"


def test_a_variable_of_ones_own_takes_the_place_of_the_charts(tmp_path: Path) -> None:
    for workload, pod in pods(objects(template(given(tmp_path, NUMBERS)))):
        for container in containers(pod):
            names = [variable["name"] for variable in container.get("env", [])]
            assert len(names) == len(set(names)), workload
            assert environment(container)["MERCATO_ISSUER"] == "https://mine"


def test_a_wildcard_host_and_none_are_taken(tmp_path: Path) -> None:
    ingress = {"enabled": True, "host": "*.example.com", "tlsSecretName": "t"}
    (made,) = of_kind(objects(template(given(tmp_path, {"ingress": ingress}))), "Ingress")
    assert made["spec"]["rules"][0]["host"] == "*.example.com"
    (made,) = of_kind(objects(template(given(tmp_path, {"ingress": {**ingress, "host": ""}}))), "Ingress")
    assert made["spec"]["tls"] == [{"hosts": [], "secretName": "t"}]


def test_where_the_cluster_gives_the_ids_no_pod_names_one(tmp_path: Path) -> None:
    mode = given(tmp_path, {"kafka": {"mode": "strimzi"}})
    found = objects(template(str(OPENSHIFT), mode))
    ids = {"runAsUser", "runAsGroup", "fsGroup"}
    assert not ids & set(_leaves([each for each in found if each["kind"] != "CustomResourceDefinition"]))
    for _, pod in pods(found):
        assert pod["spec"]["securityContext"] == {
            "runAsNonRoot": True, "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"},
        }  # fmt: skip
    told = environment(containers(named(found, "Deployment", "operator")["spec"]["template"])[0])
    assert not ids & json.loads(told["MERCATO_POD_SECURITY_CONTEXT"]).keys()


def test_one_component_may_leave_out_what_the_others_have(tmp_path: Path) -> None:
    own = {"podSecurityContext": {"runAsUser": None, "fsGroup": 7}, "resources": {"limits": {"memory": None}}}
    found = objects(template(given(tmp_path, {"components": {"mail": own}})))
    pod = named(found, "StatefulSet", "mail")["spec"]["template"]["spec"]
    assert pod["securityContext"]["fsGroup"] == 7
    assert "runAsUser" not in pod["securityContext"]
    assert pod["containers"][0]["resources"] == {"requests": {"cpu": "50m", "memory": "112Mi"}, "limits": {}}
    other = named(found, "StatefulSet", "kafka")["spec"]["template"]["spec"]
    assert other["securityContext"]["runAsUser"] == 65532


@pytest.mark.parametrize("values", [*NAMES.values(), NUMBERS, NULLS], ids=[*NAMES, "numbers", "nulls"])
def test_helm_lint_has_nothing_to_say(values: Values | str, tmp_path: Path) -> None:
    chosen = ("--values", given(tmp_path, values), "--namespace", NAMESPACE)
    done = run("lint", "--strict", str(CHART), *chosen)
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


def test_the_made_parts_of_the_schema_are_current() -> None:
    try:
        swagger = source_of(f"{KUBERNETES}@{NODE.version}") / "api" / "openapi-spec" / "swagger.json"
    except Absent as absent:
        pytest.skip(str(absent))
    made = load("scripts/reference/chart_schema.py")
    text = (CHART / "values.schema.json").read_text()
    wanted = made.written(made.completed(json.loads(text), json.loads(swagger.read_text())["definitions"]))
    assert text == wanted, "run scripts/generate-chart-schema"
