"""What one application is told: the documents of a snapshot in the order of Spring Cloud Config's own backends."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from services.config.active_profiles import effective
from services.config.backend import PropertySource, Snapshot
from services.config.json_values import writable

SHARED = "application"
"""The name whose documents speak to every application."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The answer to `/{application}/{profiles}/{label}`: its sources, most specific first, each with its own name."""

    application: str
    profiles: tuple[str, ...]
    label: str | None
    sources: tuple[PropertySource, ...]

    @property
    def version(self) -> str:
        """A hash of the sources: equal exactly when they are."""
        content = [[source.name, writable(source.properties)] for source in self.sources]
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]

    def body(self) -> dict[str, Any]:
        """As Spring Cloud Config writes it."""
        return {
            "name": self.application,
            "profiles": list(self.profiles),
            "label": self.label,
            "version": self.version,
            "state": None,
            "propertySources": [{"name": s.name, "source": writable(s.properties)} for s in self.sources],
        }


def environment(snapshot: Snapshot, application: str, profiles: Sequence[str], label: str | None = None) -> Environment:
    """app-profile > application-profile, the last profile first, then app > application.

    `application` may be several names with commas between them, of which the last wins. The label is given back as it
    came: ConfigMaps have no branches.
    """
    names = list(dict.fromkeys((SHARED, *names_in(application))))
    told = [source.activation for name in reversed(names) for source in snapshot.sources.get(name, ())]
    active = effective(profiles, told)
    keys = dict.fromkeys((*names, *(f"{name}-{profile}" for profile in active for name in names)))
    sources = [s for key in reversed(keys) for s in snapshot.sources.get(key, ()) if s.activation.met(active)]
    return Environment(application, tuple(profiles), label, tuple(_told_apart(sources)))


def names_in(text: str) -> list[str]:
    """Names with commas between them; blanks around them and commas too many mean nothing."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _told_apart(sources: Iterable[PropertySource]) -> Iterable[PropertySource]:
    """Spring's clients keep one source of a name. A ConfigMap of another namespace may be called like a key of ours."""
    names: set[str] = set()
    for source in sources:
        name, number = source.name, 2
        while name in names:
            name, number = f"{source.name} (#{number})", number + 1
        names.add(name)
        yield source if name == source.name else replace(source, name=name)
