"""The definition of GatewayPolicy for the API server says what the model says that reads it."""

from pathlib import Path
from typing import Any

import yaml

from services.gateway.models import POLICY_API, GatewayPolicySpec

PATH = Path(__file__).parents[3] / "operator" / "crds" / "gatewaypolicy.yaml"
DEFINITION: dict[str, Any] = yaml.safe_load(PATH.read_text())
BOUNDS = ("minimum", "maximum", "minItems", "maxItems")


def schema_of_model() -> dict[str, Any]:
    return GatewayPolicySpec.model_json_schema(by_alias=True, mode="validation")


def resolved(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Without references, and without the `null` that stands for a field left out."""
    if "$ref" in node:
        return resolved(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
    if "anyOf" in node:
        (kept,) = (one for one in node["anyOf"] if one.get("type") != "null")
        return resolved({**kept, **{key: node[key] for key in BOUNDS if key in node}}, root)
    return node


def differences(model: dict[str, Any], crd: dict[str, Any], path: str, root: dict[str, Any]) -> list[str]:
    model = resolved(model, root)
    found = [f"{path}: {key}" for key in BOUNDS if model.get(key) != crd.get(key)]
    choices = [model["const"]] if "const" in model else model.get("enum")
    if choices != crd.get("enum"):
        found.append(f"{path}: enum")
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


def test_fields_bounds_and_choices_are_the_same() -> None:
    (version,) = DEFINITION["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    model = schema_of_model()
    assert differences(model, spec, "spec", model) == []


def test_group_version_and_kind_are_the_ones_that_are_read() -> None:
    (version,) = DEFINITION["spec"]["versions"]
    assert f"{DEFINITION['spec']['group']}/{version['name']}" == POLICY_API
    assert DEFINITION["spec"]["names"]["kind"] == "GatewayPolicy"
