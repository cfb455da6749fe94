"""The definition of CommerceService for the API server says what the model says that reads it."""

from pathlib import Path
from typing import Any

import yaml
from mercato_operator.kube.conditions import Condition
from mercato_operator.services.model import API_VERSION, KIND, Spec
from mercato_operator.services.objects import now
from mercato_operator.services.status.verdict import Verdict, status

from tests.unit.operator_services.commerce_objects import SETTINGS, whole

PATH = Path(__file__).parents[3] / "operator" / "crds" / "commerceservice.yaml"
DEFINITION: dict[str, Any] = yaml.safe_load(PATH.read_text())
(VERSION,) = DEFINITION["spec"]["versions"]
SCHEMA: dict[str, Any] = VERSION["schema"]["openAPIV3Schema"]
BOUNDS = ("minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "maxProperties", "pattern")
CHECKED_BY_RULES = {"image", "port"}


def resolved(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Without references, and without the `null` that stands for a field left out."""
    if "$ref" in node:
        return {
            **resolved(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root),
            **{k: node[k] for k in node if k == "default"},
        }
    if "anyOf" in node:
        kept = [one for one in node["anyOf"] if one.get("type") != "null"]
        if {one.get("type") for one in kept} == {"integer", "string"}:  # a quantity
            return {"x-kubernetes-int-or-string": True, **{k: v for one in kept for k, v in one.items() if k != "type"}}
        (only,) = kept
        return resolved({**only, **{key: node[key] for key in BOUNDS if key in node}}, root)
    return node


def differences(model: dict[str, Any], crd: dict[str, Any], path: str, root: dict[str, Any]) -> list[str]:
    model = resolved(model, root)
    found = [f"{path}: {key}" for key in BOUNDS if model.get(key) != crd.get(key)]
    if model.get("enum") != crd.get("enum"):
        found.append(f"{path}: enum")
    if "x-kubernetes-int-or-string" in model or "x-kubernetes-int-or-string" in crd:
        return found + ([f"{path}: type"] if not {"x-kubernetes-int-or-string"} <= model.keys() & crd.keys() else [])
    if model.get("type") != crd.get("type"):
        found.append(f"{path}: type")
    if model.get("type") == "object" and isinstance(model.get("additionalProperties"), dict):
        return found + differences(model["additionalProperties"], crd["additionalProperties"], f"{path}{{}}", root)
    if model.get("type") == "object":
        mine, theirs = model.get("properties", {}), crd.get("properties", {})
        found += [f"{path}.{name}: only in one" for name in mine.keys() ^ theirs.keys()]
        if sorted(model.get("required", [])) != sorted(crd.get("required", [])):
            found.append(f"{path}: required")
        for name in mine.keys() & theirs.keys():
            found += differences(mine[name], theirs[name], f"{path}.{name}", root)
    if model.get("type") == "array":
        found += differences(model["items"], crd["items"], f"{path}[]", root)
    return found


def defaults(crd: dict[str, Any], path: str = "") -> dict[str, Any]:
    found = {path: crd["default"]} if "default" in crd else {}
    for name, each in crd.get("properties", {}).items():
        found |= defaults(each, f"{path}.{name}".lstrip("."))
    return found


def test_fields_bounds_and_choices_are_the_same() -> None:
    model = Spec.model_json_schema(by_alias=True, mode="validation")
    assert differences(model, SCHEMA["properties"]["spec"], "spec", model) == []


def test_defaults_are_the_same() -> None:
    given = defaults(SCHEMA["properties"]["spec"])
    autoscaling = Spec.model_validate({"image": "a:1", "autoscaling": {"maxReplicas": 2}}, by_alias=True)
    model = autoscaling.model_dump(by_alias=True)
    assert given == {
        "port": model["port"],
        "suspend": model["suspend"],
        "deletionPolicy": model["deletionPolicy"],
        "autoscaling.minReplicas": model["autoscaling"]["minReplicas"],
        "autoscaling.targetCPUUtilizationPercentage": model["autoscaling"]["targetCPUUtilizationPercentage"],
    }


def test_group_version_and_kind_are_the_ones_that_are_read() -> None:
    assert f"{DEFINITION['spec']['group']}/{VERSION['name']}" == API_VERSION
    assert DEFINITION["spec"]["names"]["kind"] == KIND
    assert DEFINITION["spec"]["names"]["shortNames"] == ["csvc"]


def test_every_field_of_the_status_is_in_the_schema() -> None:
    a, b, c, d = (Condition(each, "True", "Fine", "All is well.") for each in ("a", "b", "c", "d"))
    deployment = {"status": {"replicas": 2, "readyReplicas": 1}}
    written = status(whole(), SETTINGS, Verdict(a, b, c, d, deployment=deployment), {}, now())
    schema = SCHEMA["properties"]["status"]["properties"]
    assert written.keys() == schema.keys()
    for each in written["conditions"]:
        assert each.keys() == schema["conditions"]["items"]["properties"].keys()


def test_every_rule_says_what_to_do() -> None:
    def rules(node: Any) -> list[dict[str, str]]:
        if isinstance(node, dict):
            return [*node.get("x-kubernetes-validations", []), *(one for each in node.values() for one in rules(each))]
        return [one for each in node for one in rules(each)] if isinstance(node, list) else []

    found = rules(SCHEMA)
    assert len(found) >= 10
    assert all(len(each["message"]) > 20 for each in found)
