"""Conditions as Kubernetes' API conventions have them, written in this one place. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Object = Mapping[str, Any]
Status = Literal["True", "False", "Unknown"]
LONGEST = 1024
"""Characters of a message: what a broker or a database says may be long."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`reason` is one word in CamelCase for programs, `message` says to a person what to do."""

    type: str
    status: Status
    reason: str
    message: str = ""


def merged(before: Iterable[Object], now: Sequence[Condition], generation: int, at: datetime) -> list[dict[str, Any]]:
    """As they are written to a status; the time of transition changes only when `status` does.

    `before` are those the object has; types that are not among `now` go.
    """
    known = {each.get("type"): each for each in before}
    return [_written(each, known.get(each.type), generation, at) for each in now]


def find(status: Object, type_: str) -> Object:
    """The condition of that type of an object's `status`; empty where there is none."""
    return next((each for each in status.get("conditions") or () if each.get("type") == type_), {})


def _written(condition: Condition, before: Object | None, generation: int, at: datetime) -> dict[str, Any]:
    same = before is not None and before.get("status") == condition.status
    since = before.get("lastTransitionTime") if same and before is not None else None
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message[:LONGEST],
        "observedGeneration": generation,
        "lastTransitionTime": since or at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
