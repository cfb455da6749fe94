"""Where documents come from: the seam between the API and the places ConfigMaps are read from."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from services.config.activation import ALWAYS, Activation
from services.config.scalars import Properties


@dataclass(frozen=True, slots=True)
class PropertySource:
    """The properties of one document, or of one part of it.

    `name` says which, e.g. `configmap:order/application-dev.yaml (document #1)`; `activation` says when it is told.
    """

    name: str
    properties: Properties
    activation: Activation = ALWAYS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All documents at one moment.

    `sources` has, for `order` and for `order-dev` (application `order`, profile `dev`), the sources of that name, first
    wins. `faults` has one line for each document that could not be read, and is served as it last could.
    """

    sources: Mapping[str, tuple[PropertySource, ...]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


class Backend(AbstractAsyncContextManager[None], Protocol):
    """Holds the newest snapshot while it is entered."""

    def snapshot(self) -> Snapshot | None:
        """The newest state; None until the first was read."""

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        """The state as soon as there is one, then the newest after each change; a slow reader skips those between."""

    def behind(self) -> str | None:
        """Why the newest state may be out of date, None while it is not."""
