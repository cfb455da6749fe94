"""What a controller asks to be told of."""

from dataclasses import dataclass

from services.chassis.kubernetes import Resource


@dataclass(frozen=True, slots=True)
class Watched:
    """Objects of a kind in the namespaces of the installation, all or those with a label.

    `value` None: the label may have any value. `own`: in the operator's own namespace alone.
    """

    resource: Resource
    label: str | None = None
    value: str | None = None
    own: bool = False

    @property
    def selector(self) -> str | None:
        """As the API server takes it; None for all."""
        if self.label is None:
            return None
        return self.label if self.value is None else f"{self.label}={self.value}"
