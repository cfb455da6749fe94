"""When a document, or a part of one, is told: what it says itself under `spring.config` and `spring.profiles`.

The rules, and what is refused, are those of Spring Boot 3.5's ConfigDataEnvironment. Names are relaxed as there:
`spring.config.activate.onProfile` is `spring.config.activate.on-profile`.
"""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.config import profiles
from services.config.broken import BrokenDocumentError
from services.config.scalars import Properties, java_text

MAX_NAMES: Final = 100
"""Profiles that a document can name at one place."""

_ON_PROFILE: Final = "spring.config.activate.on-profile"
_ON_PLATFORM: Final = "spring.config.activate.on-cloud-platform"
_PLATFORMS: Final = {"none", "cloudfoundry", "heroku", "sap", "nomad", "kubernetes", "azureappservice"}
_GROUP: Final = "spring.profiles.group."
_INDEX = re.compile(r"\[\d+\]$")


@dataclass(frozen=True, slots=True)
class Activation:
    """`expressions`: one of them must be met, if there are any; `never`: it is for another platform.

    `include` and `groups` are profiles that the document adds: to every question, and to the profile of that name.
    """

    expressions: tuple[profiles.Expression, ...] = ()
    never: bool = False
    include: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def conditional(self) -> bool:
        return bool(self.expressions) or self.never

    def met(self, active: Collection[str]) -> bool:
        """Whether it is told where these profiles are active."""
        return not self.never and (not self.expressions or any(each.met(active) for each in self.expressions))


ALWAYS: Final = Activation()


def activation(properties: Properties, *, for_profile: bool = False) -> Activation:
    """What a document says of itself; `for_profile` where its name is that of a profile already.

    Raises BrokenDocumentError for what cannot be honoured.
    """
    said = _said(properties)
    if not said:
        return ALWAYS
    _refuse(said)
    expressions = tuple(profiles.parse(text) for text in _texts(said, _ON_PROFILE))
    platform = "".join(_texts(said, _ON_PLATFORM))
    never = bool(platform) and _platform(platform) != _own_platform()
    include = tuple(_names(said, "spring.profiles.include"))
    groups = {_of_group(name): tuple(_names(said, name)) for name in said if name.startswith(_GROUP)}
    found = Activation(expressions, never, include, groups)
    if include and (found.conditional or for_profile):
        raise BrokenDocumentError("spring.profiles.include cannot be said for some profiles only")
    return found


def _said(properties: Properties) -> dict[str, list[str]]:
    """The properties that concern activation, by canonical name, each a list of texts."""
    said: dict[str, list[str]] = {}
    for key, value in properties.items():
        if key[:6].lower() != "spring":
            continue
        name = _canonical(_INDEX.sub("", key))
        if not name.startswith(("spring.config", "spring.profiles")):
            continue
        text = java_text(value)
        items = [text] if _INDEX.search(key) else [part.strip() for part in text.split(",")]
        said.setdefault(name, []).extend(items if text else [])
    return said


def _canonical(name: str) -> str:
    parts = [re.sub(r"[^a-z0-9]", "", part) for part in name.lower().split(".")]
    written = {"onprofile": "on-profile", "oncloudplatform": "on-cloud-platform"}
    if parts[:3] == ["spring", "profiles", "group"]:  # what follows is a profile's own name
        return ".".join([*parts[:3], *name.split(".")[3:]])
    return ".".join(written.get(part, part) for part in parts)


def _refuse(said: Mapping[str, list[str]]) -> None:
    if "spring.profiles" in said:
        raise BrokenDocumentError(f"spring.profiles is of Spring Boot before 2.4: write {_ON_PROFILE}")
    if said.get("spring.config.import"):
        raise BrokenDocumentError(
            "spring.config.import is not followed here: put what it names into a ConfigMap of its own"
        )
    for name in ("spring.config", "spring.config.activate"):
        if said.get(name):
            raise BrokenDocumentError(f"{name} is a text where a map is expected")
    for name in said:
        if name.startswith((f"{_ON_PROFILE}.", f"{_ON_PLATFORM}.")):
            raise BrokenDocumentError(f"{name} is a map where names are expected")


def _texts(said: Mapping[str, list[str]], name: str) -> list[str]:
    texts = said.get(name, [])
    if len(texts) > MAX_NAMES:
        raise BrokenDocumentError(f"{name} has more than {MAX_NAMES} entries")
    if any("${" in text for text in texts):
        raise BrokenDocumentError(f"{name} cannot have placeholders here")
    return texts


def _names(said: Mapping[str, list[str]], name: str) -> list[str]:
    found = _texts(said, name)
    for each in found:
        if not profiles.NAME.fullmatch(each):
            raise BrokenDocumentError(f"{name}: {each!r} cannot be the name of a profile")
    return found


def _of_group(name: str) -> str:
    return name.removeprefix(_GROUP).removeprefix("[").removesuffix("]")


def _platform(text: str) -> str:
    name = re.sub(r"[^a-z]", "", text.lower())
    if name not in _PLATFORMS:
        raise BrokenDocumentError(f"{_ON_PLATFORM}: {text!r} is no platform that Spring Boot knows")
    return name


def _own_platform() -> str:
    return "kubernetes" if {"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"} <= os.environ.keys() else "none"
