"""The public feed, read once from the beginning: what each order was told to be, version by version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cli.invariants.rows import FINAL, Order, Violation


@dataclass(slots=True)
class Story:
    """The first appearances of an order's versions; `ids[n]` and `statuses[n]` belong to version `first + n`."""

    first: int
    statuses: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        return self.first + len(self.statuses) - 1


class Feed:
    """Takes the records of the log in their order; what they broke is in `violations`."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        """Once retention has cut the log off: from when on it is whole. Older orders lack chapters."""
        self.stories: dict[str, Story] = {}
        self.violations: list[Violation] = []

    def cut_off(self, at: datetime) -> None:
        """The next partition begins at `at`, not with the first order."""
        self.since = max(at, self.since or at)

    def add(self, order_id: str, version: int, status: str, event_id: str) -> None:
        """The next record of the log, in its order."""
        story = self.stories.get(order_id)
        if story is None:
            story = self.stories[order_id] = Story(version if self.since else 1)
        known = story.version
        if version == known + 1:
            self._advance(order_id, story, status, event_id)
        elif version > known + 1:
            self._violated(order_id, f"version {version} of the feed came right after version {known}")
            while story.version + 1 < version:
                story.statuses.append("")
                story.ids.append("")
            self._advance(order_id, story, status, event_id)
        elif version >= story.first and story.ids[version - story.first] not in {"", event_id}:
            self._violated(order_id, f"version {version} of the feed was published twice, under different ids")

    def statuses(self, order_id: str) -> frozenset[str]:
        """All that the feed ever said of an order."""
        story = self.stories.get(order_id)
        return frozenset(story.statuses) if story else frozenset()

    def complete(self, orders: Mapping[str, Order]) -> Iterator[Violation]:
        """Every committed version reached the feed, and the feed says what the order is."""
        for order in orders.values():
            story = self.stories.get(order.id)
            if story is None:
                if self.since is None or order.created_at >= self.since:
                    yield Violation(4, order.id, f"none of its {order.version} versions reached the feed")
            elif story.version < order.version:
                missing = f"{story.version + 1} to {order.version}"
                yield Violation(4, order.id, f"versions {missing} never reached the feed")
            elif story.version > order.version:
                yield Violation(4, order.id, f"the feed tells of version {story.version}, the order is {order.version}")
            elif story.statuses[-1] != order.status:
                left = story.statuses[-1] in FINAL
                yield Violation(1 if left else 4, order.id, _differs(story.statuses[-1], order.status, left=left))
        for order_id in self.stories.keys() - orders.keys():
            yield Violation(1, order_id, "the feed tells of an order that does not exist")

    def _advance(self, order_id: str, story: Story, status: str, event_id: str) -> None:
        before = story.statuses[-1] if story.statuses else ""
        if before in FINAL and status != before:
            self.violations.append(Violation(1, order_id, f"it was {before}, which is final, then {status}"))
        story.statuses.append(status)
        story.ids.append(event_id)

    def _violated(self, order_id: str, detail: str) -> None:
        self.violations.append(Violation(4, order_id, detail))


def _differs(told: str, is_now: str, *, left: bool) -> str:
    if left:
        return f"it was {told}, which is final, and is now {is_now}"
    return f"the feed says {told}, the order is {is_now}"
