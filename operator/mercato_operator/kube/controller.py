"""What the shell of the operator asks of a controller, and how it names what it is to watch for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.chassis.kube.client import Object, Resource


@dataclass(frozen=True, slots=True)
class Watched:
    """Objects whose changes a controller is told: of a kind, and where labels are given, only with these."""

    resource: Resource
    labels: Mapping[str, str] = field(default_factory=dict)
    namespaces: Sequence[str] = ()
    """None given: all that the operator sees to."""

    def takes(self, body: Object) -> bool:
        """Whether an object of the kind is one of them."""
        metadata = body["metadata"]
        labels = metadata.get("labels") or {}
        here = not self.namespaces or metadata.get("namespace", "") in self.namespaces
        return here and all(labels.get(key) == value for key, value in self.labels.items())


class Controller(Protocol):
    """Lives in one event loop. `event` may come more than once for one change, and late, but for each last state."""

    @property
    def watched(self) -> Sequence[Watched]:
        """What it is told of."""

    async def start(self) -> None:
        """Begins to work. All that is there has been told by `event` before; more comes from now on."""

    async def stop(self) -> None:
        """Ends its work; what was begun may be cut off anywhere."""

    def event(self, resource: Resource, type_: str, body: Object) -> None:
        """`type_` is ADDED, MODIFIED or DELETED. Cheap, and never waits."""

    def healthy(self) -> str | None:
        """Why not; what is away is no reason, since a new process would not bring it back."""
