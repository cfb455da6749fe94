"""Which profiles are active for a question."""

from collections import deque
from collections.abc import Collection
from typing import Final

from services.config.activation import Activation

MAX_ACTIVE: Final = 1000
"""Groups can bring any number."""


def effective(asked: Collection[str], sources: Collection[Activation]) -> tuple[str, ...]:
    """The profiles that are active: those asked for, those included, and the members of both's groups.

    `sources` are those of the documents for every profile, the first wins. A group counts in whatever part it is said.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for each in sources:
        for name, members in each.groups.items():
            groups.setdefault(name, members)
    waiting = deque([*asked, *(name for each in sources for name in each.include)])
    active: dict[str, None] = {}
    while waiting and len(active) < MAX_ACTIVE:
        name = waiting.popleft()
        if name not in active:
            active[name] = None
            waiting.extendleft(reversed(groups.get(name, ())))
    return tuple(active)
