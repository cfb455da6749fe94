"""What a config server tells: to a Spring client, and at each of its paths. Both servers are asked in the same way."""

import asyncio
import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import yaml

from tests.support.spring.shop import ConfigClient, ConfigQuery

Answers = dict[str, Any]
"""By aspect; one that has no answer says so: `HTTP 500`, or `unreadable` for text that breaks its own format."""

FAILURES = ("HTTP 400", "HTTP 500", "unreadable")
_UNWRITABLE = "\\\n\r\t\f\0\x85\u2028\u2029"


async def answers(url: str, query: ConfigQuery, client: ConfigClient) -> Answers:
    """`client`: what it resolves; `environment`; `yml`, `json`, `properties`, each also `as written` (unresolved)."""
    told: Answers = {"client": await asyncio.to_thread(client.resolves, query, url)}
    label = quote(query.label.replace("/", "(_)"), safe="") if query.label else ""
    profiles, name = quote(query.profiles or "default", safe=","), quote(query.name, safe=",")
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=30)) as http:
        path = f"/{name}/{profiles}" + (f"/{label}" if label else "")
        found = await _get(http, path)
        told["environment"] = found if isinstance(found, str) else _environment(json.loads(found[0]))
        for form, reader in (("yml", _yaml), ("json", json.loads), ("properties", _properties)):
            for aspect, flag in ((form, ""), (f"{form} as written", "?resolvePlaceholders=false")):
                file = f"/{label}" * bool(label) + f"/{name}-{profiles}.{form}{flag}"
                found = await _get(http, file)
                told[aspect] = found if isinstance(found, str) else _read(found[0], reader)
    return told


async def _get(http: aiohttp.ClientSession, path: str) -> tuple[str] | str:
    async with http.get(path) as response:
        return f"HTTP {response.status}" if response.status != 200 else (await response.text("utf-8"),)


def _environment(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without what only names the server's own files and versions; names of sources only as far as they are unique."""
    names = [source["name"] for source in body["propertySources"]]
    return {
        "name": body["name"],
        "profiles": ",".join(body["profiles"]),
        "label": body["label"],
        "names repeated": sorted({name for name in names if names.count(name) > 1}),
        "sources": [source["source"] for source in body["propertySources"]],
    }


def _read(text: str, reader: Callable[[str], Any]) -> Any:
    try:
        return reader(text)
    except (ValueError, yaml.YAMLError):
        return "unreadable"


class _Reader(yaml.SafeLoader):
    """Reads what SnakeYAML writes: its floats, `=` and dates as texts, as Spring does, and texts that it encodes."""


def _decoded(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return base64.b64decode(node.value).decode()


_Reader.yaml_constructors = {
    **yaml.SafeLoader.yaml_constructors,
    "tag:yaml.org,2002:value": yaml.SafeLoader.construct_yaml_str,
    "tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str,
    "tag:yaml.org,2002:binary": _decoded,
}
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)$")
_Reader.yaml_implicit_resolvers = {
    first: [*resolvers, ("tag:yaml.org,2002:float", _FLOAT)] if first in "-+0123456789" else resolvers
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(text: str) -> Any:
    return yaml.load(text, _Reader) or {}  # noqa: S506 - a safe loader


def _properties(text: str) -> dict[str, str]:
    return dict(line.partition(": ")[::2] for line in text.split("\n") if line)


def differences(spring: Answers, ours: Answers) -> dict[str, tuple[Any, Any]]:
    """Aspects with Spring's answer and ours, where they differ.

    Where Spring itself fails ours may do better, and so in `.properties` that need escapes, or that Spring cannot write
    as YAML because they have a text and a list under one name.
    """
    return {
        aspect: (spring[aspect], ours[aspect])
        for aspect in spring
        if not _beyond_spring(aspect, spring) and _canonical(spring[aspect]) != _canonical(ours[aspect])
    }


def _beyond_spring(aspect: str, spring: Answers) -> bool:
    if spring[aspect] in FAILURES:
        return True
    if not aspect.startswith("properties") or isinstance(spring["environment"], str):
        return False
    if spring["yml as written"] == "HTTP 500":
        return True
    told = [item for source in spring["environment"]["sources"] for item in source.items()]
    return any(
        set(_UNWRITABLE) & set(f"{key}{value}") or set(" =:#!") & set(key) or str(value).startswith(" ")
        for key, value in told
    )


def _canonical(value: Any) -> Any:
    """Told apart by type, keys too: true is not 1, and 1 is not 1.0."""
    if isinstance(value, dict):
        return sorted((repr(key), _canonical(inner)) for key, inner in value.items())
    return [_canonical(inner) for inner in value] if isinstance(value, list) else repr(value)
