"""What a real API server says to manifests: nothing is kept, and no field, key or warning goes unnoticed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from tests.support.administrator import Administrator

NAMESPACE = "shop"
Kind = tuple[str, str]
"""apiVersion and kind."""


@dataclass(frozen=True)
class Manifest:
    """One document as it is written: parsed, a key that stands there twice would be seen no more."""

    text: str
    content: Mapping[str, Any] = field(repr=False)

    @cached_property
    def kind(self) -> Kind:
        return self.content["apiVersion"], self.content["kind"]

    @cached_property
    def title(self) -> str:
        return f"{self.content['kind']} {self.content['metadata']['name']}"

    @cached_property
    def namespace(self) -> str:
        """As `kubectl --namespace shop` sees it."""
        return str(self.content["metadata"].get("namespace", NAMESPACE))


def manifests(text: str) -> list[Manifest]:
    """Those of a file, or of what Helm rendered."""
    parts = [(part, yaml.load(part, yaml.CSafeLoader)) for part in re.split(r"^---.*$", text, flags=re.MULTILINE)]
    return [Manifest(part, content) for part, content in parts if content]


@dataclass(frozen=True)
class Admission:
    """Judges manifests by the kinds that the server knew when it was asked."""

    admin: Administrator
    plurals: Mapping[Kind, tuple[str, bool]]
    """The name of the kind in paths, and whether its objects are in a namespace."""

    @classmethod
    async def of(cls, admin: Administrator) -> "Admission":
        groups = [*await admin.discovered("/api"), *await admin.discovered("/apis")]
        found = {
            (_api_version(group["metadata"].get("name"), version["version"]), resource["responseKind"]["kind"]): (
                resource["resource"],
                resource["scope"] == "Namespaced",
            )
            for group in groups
            for version in group["versions"]
            for resource in version["resources"]
        }
        return cls(admin, found)

    async def complaints(self, manifest: Manifest) -> list[str]:
        """Why it is not taken, or what the server warns of: created as Helm 3 does, and applied as Helm 4 does."""
        if manifest.kind not in self.plurals:
            return [f"{manifest.title}: no definition of {' '.join(manifest.kind)}"]
        told = []
        for method, query in (("POST", {}), ("PATCH", {"fieldManager": "helm"})):
            strict = {**query, "dryRun": "All", "fieldValidation": "Strict"}
            path = self._path(manifest) + (f"/{manifest.content['metadata']['name']}" if method == "PATCH" else "")
            answer, warnings = await self.admin.submitted(method, path, manifest.text, strict)
            refused = [answer["message"]] if answer["kind"] == "Status" else []
            told += [f"{manifest.title}, {method}: {each}" for each in (*refused, *warnings)]
        return told

    def _path(self, manifest: Manifest) -> str:
        version, _ = manifest.kind
        plural, namespaced = self.plurals[manifest.kind]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        return f"{root}/namespaces/{manifest.namespace}/{plural}" if namespaced else f"{root}/{plural}"


def _api_version(group: str | None, version: str) -> str:
    return f"{group}/{version}" if group else version
