"""ConfigMap manifests as property sources, read as Spring Cloud Kubernetes reads them.

A ConfigMap `order` holds flat `key: value` pairs, or whole documents: `application.yaml` and `order.yaml` for every
profile, `application-dev.yaml` and `order-dev.yaml` for one. A ConfigMap `order-dev` is the same as `order` for `dev`.
In a YAML document, parts after `---` may say `spring.config.activate.on-profile`.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from services.config.backend import PropertySource, Scalar
from services.config.properties import flatten, load_properties, load_yaml

LABEL = "mercato.dev/config"
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_DOCUMENT = re.compile(r"(?P<stem>.+)\.(?P<suffix>ya?ml|properties)")
_ON_PROFILE = "spring.config.activate.on-profile"

Sources = dict[str, list[PropertySource]]
"""By name of application, or of application and profile (`order-dev`)."""


class BrokenDocumentError(ValueError):
    """A document cannot be read; the text says which part and why, on one line."""


def is_config(manifest: Any) -> bool:
    """Whether a manifest is a ConfigMap that says it is configuration; anything else, a Secret above all, is not."""
    if not isinstance(manifest, dict) or manifest.get("kind") != "ConfigMap" or manifest.get("apiVersion") != "v1":
        return False
    metadata = manifest.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(labels, dict) and labels.get(LABEL) == "true"


def name_of(manifest: Mapping[str, Any]) -> str:
    """The ConfigMap's name. Raises BrokenDocumentError."""
    name = manifest["metadata"].get("name")
    if not isinstance(name, str) or not name:
        raise BrokenDocumentError("metadata.name is missing")
    return name


def sources_of(manifest: Mapping[str, Any]) -> Sources:
    """What a ConfigMap says, by the name it says it to. Raises BrokenDocumentError."""
    name = name_of(manifest)
    data = manifest.get("data") or {}
    if not isinstance(data, dict):
        raise BrokenDocumentError("data is not a map")
    flat: dict[str, Scalar] = {}
    sources: Sources = {}
    for key, value in data.items():
        if not isinstance(key, str) or not _DATA_KEY.fullmatch(key):
            raise BrokenDocumentError(f"data key {key!r}: only letters, digits, '-', '_' and '.' are allowed")
        if not isinstance(value, str):
            raise BrokenDocumentError(f"data.{key} is not a string: put it in quotes")
        document = _DOCUMENT.fullmatch(key)
        if document is None:
            flat[key] = value
            continue
        target = _target(name, document["stem"])
        for suffix, properties in _parts(key, document["suffix"], value):
            source = PropertySource(f"configmap:{name}/{key}", properties)
            sources.setdefault(target + suffix, []).insert(0, source)  # in one document, what comes later wins
    if flat:
        sources.setdefault(name, []).insert(0, PropertySource(f"configmap:{name}", flat))
    return sources


def _target(name: str, stem: str) -> str:
    for base in ("application", name):
        if stem.startswith(f"{base}-"):
            return f"{name}-{stem.removeprefix(f'{base}-')}"
    return name


def _parts(key: str, suffix: str, text: str) -> list[tuple[str, dict[str, Scalar]]]:
    """The parts of one document: the name's ending for the profile a part is for (or none), and its properties."""
    if suffix == "properties":
        return [("", dict(load_properties(text)))]
    try:
        documents = load_yaml(text)
        parts: list[tuple[str, dict[str, Scalar]]] = []
        for document in documents:
            if document is None:
                continue
            if not isinstance(document, dict):
                raise BrokenDocumentError(f"data.{key}: a map of settings is expected")
            properties = flatten(document)
            profiles = str(properties.pop(_ON_PROFILE, ""))
            if not re.fullmatch(r"[\w\s,-]*", profiles):
                raise BrokenDocumentError(f"data.{key}: {_ON_PROFILE} can only be names of profiles, not {profiles!r}")
            endings = [f"-{profile.strip()}" for profile in profiles.split(",") if profile.strip()]
            parts += [(ending, properties) for ending in endings or [""]]
    except yaml.YAMLError as error:
        raise BrokenDocumentError(f"data.{key}: {one_line(error)}") from None
    except RecursionError:
        raise BrokenDocumentError(f"data.{key}: it is nested without end") from None
    return parts


def one_line(error: yaml.YAMLError) -> str:
    """What is wrong and where, without the excerpt YAML's own text carries over several lines."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})" if mark else str(problem)
