"""What one application is told: the documents of a snapshot in Spring Cloud Config's order."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from services.config.backend import PropertySource, Snapshot

SHARED = "application"
"""The name whose documents speak to every application."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The answer to `/{application}/{profiles}/{label}`: its sources, most specific first."""

    application: str
    profiles: tuple[str, ...]
    label: str | None
    sources: tuple[PropertySource, ...]

    @property
    def version(self) -> str:
        """A hash of the sources: equal exactly when they are."""
        content = [[source.name, dict(source.properties)] for source in self.sources]
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]

    def body(self) -> dict[str, Any]:
        """As Spring Cloud Config writes it."""
        return {
            "name": self.application,
            "profiles": list(self.profiles),
            "label": self.label,
            "version": self.version,
            "state": None,
            "propertySources": [{"name": s.name, "source": dict(s.properties)} for s in self.sources],
        }


def environment(snapshot: Snapshot, application: str, profiles: Sequence[str], label: str | None = None) -> Environment:
    """app-profile (the last profile first) > app > application-profile > application.

    The label is given back as it came: ConfigMaps have no branches.
    """
    found: list[PropertySource] = []
    for name in dict.fromkeys((application, SHARED)):
        for key in [*(f"{name}-{profile}" for profile in reversed(profiles)), name]:
            found += snapshot.sources.get(key, ())
    return Environment(application, tuple(profiles), label, tuple(found))
