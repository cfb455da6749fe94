"""An environment as one document: YAML, JSON or `.properties`."""

import re
from collections.abc import Callable
from typing import Any, Literal

import orjson
import yaml

from services.config import java_properties, yaml_maps, yaml_nodes
from services.config.broken import BrokenDocumentError
from services.config.environment import Environment
from services.config.json_values import json_value
from services.config.merging import merged, nested
from services.config.placeholders import Placeholders
from services.config.scalars import Scalar, java_text
from services.config.yaml_scalars import TAG, scalar

Form = Literal["yml", "yaml", "json", "properties"]
MEDIA_TYPES = {"properties": "text/plain; charset=utf-8", "json": "application/json"}

_BARE = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)\Z)[a-z/][\w/.@+-]*(?: [\w/.@+-]+)*", re.I | re.ASCII)
"""Texts that no reader of YAML, old or new, takes for anything else."""
_QUOTED_BY_SPRING = re.compile(r": |:$| #|^\s|\s$|\n|^[-?:,\[\]{}#&*!|>'\"%@`]")
_WIDTH = 1_000_000


def rendered(found: Environment, form: Form, *, resolve: bool) -> bytes:
    """The merged properties; with `resolve` placeholders are resolved against all of them."""
    properties = merged([source.properties for source in found.sources])
    placeholders = Placeholders([source.properties for source in found.sources])
    text: Callable[[str], str] = placeholders.resolve if resolve else str
    if form == "properties":
        told: dict[str, Scalar] = {text(key): _mapped(value, text) for key, value in properties.items()}
        return java_properties.written(told).encode()
    tree = nested(properties)
    if form == "json":
        return orjson.dumps(json_value(_mapped(tree, text)))
    tree = _mapped(tree, text, lambda written: _meant(written, text(written)))
    return _yaml(tree["document"] if tree.keys() == {"document"} else tree).encode()


def _mapped(value: Any, text: Callable[[str], str], meant: Callable[[str], Any] | None = None) -> Any:
    """The same tree, with each text in it, keys included, as `text` makes it; those that are values as `meant` does."""
    if isinstance(value, dict):
        return {text(key): _mapped(inner, text, meant) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mapped(inner, text, meant) for inner in value]
    return (meant or text)(value) if isinstance(value, str) else value


def _meant(written: str, resolved: str) -> Any:
    """What a resolved text is in YAML, where Spring puts it without quotes: `${port}` becomes a number.

    A text that would be read as another one, such as `0123`, stays a text.
    """
    if written == resolved or _QUOTED_BY_SPRING.search(written):
        return resolved
    if not resolved:
        return None
    try:
        (root,) = yaml_nodes.documents(resolved)
        if isinstance(root, yaml_nodes.Scalar):
            value = scalar(root.tag, root.text) if root.text == resolved else resolved
            return value if value is None or java_text(value) == resolved else resolved
        return yaml_maps.plain(root) if resolved[0] in "[{" else resolved
    except (BrokenDocumentError, ValueError):
        return resolved


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Puts texts into quotes unless nobody could take them for anything else."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if _BARE.fullmatch(text) else "'" if text.isprintable() else '"'
    return dumper.represent_scalar(f"{TAG}str", text, style)


_Dumper.add_representer(str, _quoted)


def _yaml(tree: Any) -> str:
    text: str = yaml.dump(tree, Dumper=_Dumper, allow_unicode=True, width=_WIDTH, default_flow_style=False)
    return text
