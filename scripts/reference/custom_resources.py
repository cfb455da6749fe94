"""Custom resources, from the schemas that the API server holds objects against."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scripts.reference import GENERATED, cell

DEFINITIONS = Path(__file__).resolve().parents[2] / "operator" / "crds"
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxProperties": "at most {} entries",
    "pattern": "matches `{}`",
}
_LEFT_OUT = {"minLength": 1}
"""Bounds that go without saying."""

INTRO = f"""\
# Custom resources

{GENERATED}

Kinds of the API group `mercato.dev`, version `v1alpha1`. `kubectl explain` tells the same of a cluster that has them. A
field that is not listed is refused, or dropped, by the API server.
"""

Schema = dict[str, Any]


def page() -> str:
    """The page."""
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(DEFINITIONS.glob("*.yaml"))]
    return INTRO + "".join(map(_kind, found))


def _kind(definition: Schema) -> str:
    names = definition["spec"]["names"]
    (version,) = definition["spec"]["versions"]
    schema: Schema = version["schema"]["openAPIV3Schema"]
    short = ", ".join(f"`{each}`" for each in names.get("shortNames", []))
    parts = [f"\n## {names['kind']}\n\nPlural `{names['plural']}`, short {short}.\n"]
    columns = [each["name"] for each in version.get("additionalPrinterColumns", []) if not each.get("priority")]
    parts.append(f"`kubectl get {names['plural']}` shows {', '.join(columns)}.\n")
    for part in ("spec", "status"):
        parts.append(
            f"\n### {names['kind']}: {part}\n\n| field | type | default | meaning |\n| --- | --- | --- | --- |\n"
        )
        parts += [
            f"| `{path}` | {_type(each)} | {_default(each)} | {cell(_meaning(each))} |\n"
            for path, each in _fields(schema["properties"][part], part)
        ]
    if rules := list(_rules(schema, "")):
        parts.append(f"\n### {names['kind']}: what is refused\n\n| at | the API server says |\n| --- | --- |\n")
        parts += [f"| `{path or 'metadata'}` | {cell(message)} |\n" for path, message in rules]
    return "".join(parts)


def _fields(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    required = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        where = f"{path}.{name}"
        yield where, {**each, "mandatory": name in required}
        if each.get("type") == "array":
            yield from _fields(each["items"], f"{where}[]")
        else:
            yield from _fields(each, where)


def _rules(schema: Schema, path: str) -> Iterator[tuple[str, str]]:
    for rule in schema.get("x-kubernetes-validations", []):
        yield path, " ".join(rule["message"].split())
    for name, each in schema.get("properties", {}).items():
        yield from _rules(each, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from _rules(schema["items"], f"{path}[]")


def _type(schema: Schema) -> str:
    if "x-kubernetes-int-or-string" in schema:
        return "integer or text"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    kind = {"string": "text", "object": "object", "array": "list"}.get(schema["type"], schema["type"])
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    return f"list of {_type(schema['items'])}" if kind == "list" else str(kind)


def _default(schema: Schema) -> str:
    if schema["mandatory"]:
        return "required"
    return f"`{json.dumps(schema['default']).strip(chr(34))}`" if "default" in schema else ""


def _meaning(schema: Schema) -> str:
    told = schema.get("description", "").strip()
    bounds = [
        text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema and schema[key] != _LEFT_OUT.get(key)
    ]
    return " ".join([told, *([f"({', '.join(bounds)})"] if bounds else [])]).strip()
