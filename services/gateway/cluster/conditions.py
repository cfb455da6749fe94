"""Pure: whether a status must be written, and what exactly."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.kube.client import Object
from services.gateway.cluster.objects import Condition, Status

_TIME = "lastTransitionTime"


def due(status: Status, now: str) -> Object | None:
    """The whole new status of ours, or None when it says so already; `now` is an RFC 3339 time."""
    before: Object = status.observed.get("status") or {}
    wanted = {
        name: timed_conditions(value, before.get("conditions") or [], now)
        if name == "conditions"
        else _entries(value, before.get(name) or [], now)
        for name, value in status.content.items()
    }
    return None if _says(before, wanted) else wanted


def timed_conditions(wanted: Sequence[Condition], before: Sequence[Condition], now: str) -> list[Condition]:
    """With the time of the last change of each one's status."""
    known = {one["type"]: one for one in before}
    timed = []
    for one in wanted:
        old = known.get(one["type"])
        same = old is not None and old.get("status") == one["status"]
        timed.append({**one, _TIME: old[_TIME] if same and old is not None and _TIME in old else now})
    return timed


def _entries(wanted: Sequence[Object], before: Sequence[Object], now: str) -> list[Object]:
    """Entries with conditions of their own: a route's parents, a Gateway's listeners."""
    timed = []
    for entry in wanted:
        conditions = entry.get("conditions") or []
        if all(_TIME in one for one in conditions):  # another controller's, or none
            timed.append(entry)
            continue
        same = next((one for one in before if _identity(one) == _identity(entry)), {})
        timed.append({**entry, "conditions": timed_conditions(conditions, same.get("conditions") or [], now)})
    return timed


def _identity(entry: Object) -> tuple[object, ...]:
    return (entry.get("name"), entry.get("controllerName"), entry.get("parentRef"))


def _says(before: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; conditions of others beside ours do no harm, list entries do."""
    if isinstance(wanted, Mapping):
        if not isinstance(before, Mapping):
            return False
        return all(_says(before.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(before, list):
            return False
        if wanted and isinstance(wanted[0], Mapping) and "type" in wanted[0]:
            known = {one.get("type"): one for one in before}
            return all(_says(known.get(one["type"]), one) for one in wanted)
        return len(before) == len(wanted) and all(map(_says, before, wanted))
    return bool(before == wanted)
