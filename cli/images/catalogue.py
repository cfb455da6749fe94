"""The images of the platform, and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from cli.layout import CHECKOUT

LAYERS = ("web", "database", "messaging", "kubernetes")
"""The shared layers of libraries; which stands on which: images/install.py."""
SERVICES = "images/service.Dockerfile"
CHART = CHECKOUT / "charts" / "mercato"


@dataclass(frozen=True)
class Image:
    """An image `mercato-<name>`, built from `dockerfile` (relative to the checkout) with `arguments`."""

    name: str
    dockerfile: str
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)
    layer: str = ""
    """The shared layer of libraries it stands on, if any."""

    def reference(self, registry: str, tag: str) -> str:
        prefix = f"{registry.rstrip('/')}/" if registry else ""
        return f"{prefix}mercato-{self.name}:{tag}"


def _service(name: str, on: str, folder: str = "services") -> Image:
    arguments = {"SERVICE": name, "ON": on, "FOLDER": folder}
    return Image(name, SERVICES, arguments, on)


def _part(name: str, on: str = "") -> Image:
    return Image(name, f"images/{name}.Dockerfile", layer=on)


IMAGES = (
    _service("order", "messaging"),
    _service("product", "messaging"),
    _service("payment", "messaging"),
    _service("notification", "messaging"),
    _service("customer", "database"),
    _service("config", "kubernetes"),
    _service("discovery", "kubernetes"),
    _service("gateway", "kubernetes"),
    _service("simulator", "database", "tryout"),
    _service("mailcatcher", "web", "tryout"),
    _part("envoy"),
    _part("kafka"),
    _part("postgres"),
    _part("operator", "kubernetes"),
    _part("toolbox", "messaging"),
)
NAMES = tuple(image.name for image in IMAGES)


@cache
def _chart(file: str) -> Any:
    return yaml.safe_load((CHART / file).read_text(encoding="utf-8"))


def default_registry() -> str:
    """Where the chart's default values look for images."""
    return str(_chart("values.yaml")["images"]["registry"])


def default_tag() -> str:
    """The tag that the chart's default values ask for."""
    return str(_chart("values.yaml")["images"]["tag"] or _chart("Chart.yaml")["appVersion"])
