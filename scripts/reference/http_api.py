"""The HTTP API, from what the services say of their operations and from the shipped routes."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.reference import GENERATED, cell
from services.chassis.http.openapi import part
from services.chassis.http.openapi_common import MEANINGS, Json
from services.gateway.documents import read
from services.gateway.merging import merge
from services.gateway.parts import Part
from services.gateway.routes import build

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).parent / "http-api.md"


def page() -> str:
    """The page."""
    api = _document()
    text = TEMPLATE.read_text(encoding="utf-8")
    operations = {op["operationId"]: op for item in api["paths"].values() for op in item.values()}
    values = {
        "generated": GENERATED,
        "errors": "".join(_errors()),
        "calls": "".join(_calls(api)).rstrip() + "\n",
        "types": "\n".join(_types(api)),
        "placeOrder": _example(operations["placeOrder"]["requestBody"]),
        "readOrder": _example(operations["readOrder"]["responses"]["200"]),
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def _document() -> Json:
    """As the gateway makes it."""
    parts: dict[str, Part] = {}
    for file in sorted(ROOT.glob("services/*/operations.py")):
        service = file.parent.name
        if service != "chassis":
            room = import_module(f"services.{service}.operations")
            parts[service] = Part.model_validate(part(service, room.DESCRIPTION, room.OPERATIONS))
    return merge(parts, build(read(ROOT / "gateway-config"), set(parts), "mercato"))


def _errors() -> Iterator[str]:
    yield "| status | `type` ends with | when |\n| --- | --- | --- |\n"
    for kind, (meaning, _) in MEANINGS.items():
        yield f"| {kind.status} | `{kind.slug}` | {cell(meaning)} |\n"


def _calls(api: Json) -> Iterator[str]:
    for tag in api["tags"]:
        yield f"### The {tag['name']} service\n\n{tag['description']}\n\n| call | answer |\n| --- | --- |\n"
        for path, item in api["paths"].items():
            for method, operation in item.items():
                if tag["name"] in operation["tags"]:
                    yield f"| {_call(api, method, path, operation)} | {cell(_answers(api, operation))} |\n"
        yield "\n"


def _call(api: Json, method: str, path: str, operation: Json) -> str:
    parameters = [_resolved(api, parameter) for parameter in operation.get("parameters", ())]
    query = "&".join(f"{each['name']}=" for each in parameters if each["in"] == "query")
    words = [f"`{method.upper()} {path}{f'?{query}' if query else ''}`"]
    body = operation.get("requestBody")
    if body:
        words.append(f"`{_members(api, next(iter(body['content'].values()))['schema'])}`")
    notes = [_access(operation), *(f"`{each['name']}`" for each in parameters if each["in"] == "header")]
    return cell(f"{' '.join(words)} ({', '.join(note for note in notes if note)})".replace(" ()", ""))


def _access(operation: Json) -> str:
    if not operation["security"]:
        return "public"
    return "admin" if "admin" in operation["security"][0]["bearer"] else ""


def _answers(api: Json, operation: Json) -> str:
    told = [f"{operation['summary']}. {operation.get('description', '')}".strip().replace("\n\n", " ")]
    for status, response in operation["responses"].items():
        usual = _resolved(api, {"$ref": response["$ref"]})["description"] if "$ref" in response else None
        if status != "default" and response.get("description", usual) != usual:
            told.append(f"**{status}** {response['description']}{_headers(response)}")
    return " ".join(told)


def _headers(response: Json) -> str:
    names = [f"`{name}`" for name in response.get("headers", {}) if name != "x-trace-id"]
    return f" ({', '.join(names)})" if names else ""


def _types(api: Json) -> Iterator[str]:
    for name, schema in sorted(api["components"]["schemas"].items()):
        yield f"### {name}\n\n{schema.get('description', '')}".rstrip() + "\n\n| field | type | |\n| --- | --- | --- |"
        required = schema.get("required", ())
        for field, value in schema["properties"].items():
            mark = "" if field in required else "?"
            yield f"| `{field}{mark}` | {cell(_type(api, value))} | {cell(_meaning(value))} |"
        yield ""


def _meaning(value: Json) -> str:
    values = next((each["enum"] for each in (value, *value.get("anyOf", ())) if "enum" in each), ())
    return " ".join([value.get("description", ""), *(f"`{each}`" for each in values)]).strip()


def _type(api: Json, value: Json) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(_type(api, each) for each in value["anyOf"])
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    kind = value.get("type", "any")
    if kind == "array" and value.get("items"):
        kind = f"array of {_type(api, value['items'])}"
    return " ".join(filter(None, [kind, value.get("format"), _range(value)]))


def _range(value: Json) -> str:
    for least, most in (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")):
        low, high = value.get(least), value.get(most)
        if low is not None or high is not None:
            return f"{low if low is not None else ''}…{high if high is not None and high < 2**53 - 1 else ''}"
    return ""


def _members(api: Json, schema: Json) -> str:
    plain = _resolved(api, schema)
    required = plain.get("required", ())
    names = [name if name in required else f"{name}?" for name in plain.get("properties", ())]
    return f"{{{', '.join(names)}}}" if names else "{…}"


def _example(body: Json) -> str:
    return json.dumps(body["content"]["application/json"]["example"], indent=2, ensure_ascii=False)


def _resolved(api: Json, value: Json) -> Any:
    if "$ref" not in value:
        return value
    _, _, section, name = value["$ref"].split("/")
    return api["components"][section][name]
