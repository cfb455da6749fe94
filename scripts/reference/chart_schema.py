"""The made parts of the chart's JSON schema: Kubernetes' types as its API server reads them, and lists of keys."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]
PREFIX = "kubernetes."
ROOTS = (
    "core.v1.EnvVar",
    "core.v1.VolumeMount",
    "core.v1.Volume",
    "core.v1.Toleration",
    "core.v1.Affinity",
    "core.v1.PodSecurityContext",
    "core.v1.SecurityContext",
    "networking.v1.NetworkPolicyPeer",
)
"""What of the values is handed to Kubernetes as it is."""

_QUANTITY = {"$ref": "#/$defs/amount"}
_LABEL_NAME = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$"
_OWN: Mapping[str, Schema] = {
    # What the specification calls a string and the API server reads as more, or as less.
    "Quantity": _QUANTITY,
    "IntOrString": {"type": ["integer", "null", "string"]},
    "Time": {"type": ["null", "string"]},
    # The rest is the server's own.
    "ObjectMeta": {
        "type": ["null", "object"],
        "additionalProperties": False,
        "properties": {"labels": {"$ref": "#/$defs/labels"}, "annotations": {"$ref": "#/$defs/texts"}},
    },
}
_NARROWER: Mapping[tuple[str, str], Schema] = {
    ("EnvVar", "name"): {"pattern": "^[ -<>-~]+$"},
    ("Volume", "name"): {"$ref": "#/$defs/label"},
    ("VolumeMount", "name"): {"$ref": "#/$defs/label"},
    ("VolumeMount", "mountPath"): {"pattern": "^[^:]+$"},
    ("Toleration", "operator"): {"enum": ["Exists", "Equal", "", None]},
    ("Toleration", "effect"): {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute", "", None]},
    ("NodeSelectorRequirement", "operator"): {"enum": ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]},
    ("LabelSelectorRequirement", "operator"): {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
    ("LabelSelector", "matchLabels"): {"propertyNames": {"pattern": _LABEL_NAME}},
    ("WeightedPodAffinityTerm", "weight"): {"minimum": 1, "maximum": 100},
    ("PreferredSchedulingTerm", "weight"): {"minimum": 1, "maximum": 100},
    ("IPBlock", "cidr"): {"$ref": "#/$defs/cidr"},
    ("PodSecurityContext", "fsGroupChangePolicy"): {"enum": ["Always", "OnRootMismatch", None]},
    ("SeccompProfile", "type"): {"enum": ["RuntimeDefault", "Unconfined", "Localhost"]},
}
"""Rules of the API server that its specification leaves to prose, by type and field."""
_LIMITS = {"int32": 2**31 - 1, "int64": 2**53 - 1}
"""Above, a number of a values file is not exact any more."""


def completed(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """The schema with its made parts anew; `definitions` are those of Kubernetes' OpenAPI specification."""
    own = {name: part for name, part in schema["$defs"].items() if not name.startswith(PREFIX)}
    whole = {**schema, "$defs": own}
    for part in _parts(whole):
        if part.get("additionalProperties") is False and "properties" in part:
            part["propertyNames"] = {"enum": list(part["properties"])}
    whole["$defs"] = own | dict(sorted(_kubernetes(definitions).items()))
    return whole


def _parts(schema: Schema) -> Iterator[Schema]:
    yield schema
    for children in (schema.get("properties", {}), schema.get("$defs", {})):
        for child in children.values():
            yield from _parts(child)


def _kubernetes(definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    waiting = [f"io.k8s.api.{name}" for name in ROOTS]
    while waiting:
        full = waiting.pop()
        name = full.rpartition(".")[2]
        if PREFIX + name not in found and name not in _OWN:
            found[PREFIX + name] = _object(name, definitions[full], waiting)
    return found


def _object(name: str, definition: Schema, waiting: list[str]) -> Schema:
    required = definition.get("required", [])
    properties = {}
    for field, described in definition.get("properties", {}).items():
        part = _field(described, waiting, null=field not in required)
        properties[field] = part | _NARROWER.get((name, field), {})
    closed = {"type": ["null", "object"], "additionalProperties": False, "properties": properties}
    return closed | ({"required": required} if required else {})


def _field(described: Schema, waiting: list[str], *, null: bool) -> Schema:
    """What the API server takes: null is as if the field were left out."""
    if "$ref" in described:
        full = described["$ref"].rpartition("/")[2]
        name = full.rpartition(".")[2]
        if name in _OWN:
            return dict(_OWN[name])
        waiting.append(full)
        return {"$ref": f"#/$defs/{PREFIX}{name}"} | ({} if null else {"type": "object"})
    type_ = described["type"]
    part: Schema = {"type": sorted(["null", type_]) if null else type_}
    if type_ == "array":
        part["items"] = _field(described["items"], waiting, null=False)
    elif type_ == "object" and "additionalProperties" in described:
        part["additionalProperties"] = _field(described["additionalProperties"], waiting, null=True)
    elif type_ == "integer":
        part["maximum"] = _LIMITS[described["format"]]
    return part


def written(schema: Any, indent: int = 0) -> str:
    """As JSON: what fits a line is on one, and so are lists of words."""
    inline = json.dumps(schema, ensure_ascii=False)
    words = isinstance(schema, list) or (isinstance(schema, dict) and schema.keys() == {"enum"})
    if indent and (words or not isinstance(schema, dict) or len(inline) + indent <= 112):
        return inline
    pad = " " * (indent + 2)
    rows = [f"{pad}{json.dumps(key)}: {written(value, indent + 2)}" for key, value in schema.items()]
    return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}" + ("" if indent else "\n")
