"""The order that the parts' needs imply."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from cli.supervisor.spec import Part


def check(parts: Iterable[Part]) -> None:
    """Raise ValueError for a name used twice, a need nobody meets, or a circle of needs."""
    parts = list(parts)
    names = [part.name for part in parts]
    if len(set(names)) != len(names):
        raise ValueError(f"a name is used twice among {names}")
    for part in parts:
        if missing := part.needs - set(names):
            raise ValueError(f"{part.name} needs {', '.join(sorted(missing))}, which is not in the plan")
    try:
        TopologicalSorter({part.name: part.needs for part in parts}).prepare()
    except CycleError as error:
        raise ValueError(f"the parts need each other in a circle: {error.args[1]}") from None


def dependants(parts: Iterable[Part]) -> dict[str, frozenset[str]]:
    """For each part the parts that need it, directly or through others: they must stop before it."""
    by_name = {part.name: part for part in parts}
    found: dict[str, set[str]] = {name: set() for name in by_name}
    for part in by_name.values():
        for need in _closure(part, by_name):
            found[need].add(part.name)
    return {name: frozenset(others) for name, others in found.items()}


def _closure(part: Part, by_name: dict[str, Part]) -> set[str]:
    reached: set[str] = set()
    front = set(part.needs)
    while front:
        reached |= front
        front = {need for name in front for need in by_name[name].needs} - reached
    return reached
