"""Statement 5, of messages to customers: one per order and kind, one mail each. Pure: rows in, violations out."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from cli.invariants.feed import Feed
from cli.invariants.rows import Notification, Order, Violation

KINDS = {"CONFIRMED": "order_confirmed", "REJECTED": "order_rejected", "CANCELLED": "order_cancelled"}
"""What an order's customer is told of, by status."""
_OURS = re.compile(r"<([0-9a-f-]{36})\.([a-z_]+)@mercato>")


def message_id(order_id: str, kind: str) -> str:
    """The Message-ID of every copy of a mail."""
    return f"<{order_id}.{kind}@mercato>"


def one_notification(
    orders: Mapping[str, Order], feed: Feed, told: Iterable[Notification], letters: Collection[str]
) -> Iterator[Violation]:
    """Each customer is told once of each end of an order. `letters`: ids of events set aside by notification."""
    counts: Counter[tuple[str, str]] = Counter()
    for notification in told:
        counts[notification.order_id, notification.kind] += 1
        if notification.failed and notification.event_id not in letters:
            yield Violation(
                6, notification.order_id, f"its {notification.kind} failed for good, but is not in the dead letters"
            )
    for order in orders.values():
        statuses = feed.statuses(order.id)
        for status, kind in KINDS.items():
            count = counts.pop((order.id, kind), 0)
            due = order.status == status or status in statuses
            if due and count == 0 and not _set_aside(feed, order.id, status, letters):
                yield Violation(5, order.id, f"it was {status}, but there is no {kind} message")
            elif count > 1:
                yield Violation(5, order.id, f"there are {count} {kind} messages")
            elif count and not due and (feed.since is None or order.created_at >= feed.since):
                yield Violation(5, order.id, f"it was told {kind}, but it never was {status}")
    for (order_id, kind), count in counts.items():
        if order_id not in orders:
            yield Violation(5, order_id, f"there is a message {kind} of an order that does not exist")
        elif count > 1:
            yield Violation(5, order_id, f"there are {count} {kind} messages")


def one_mail(told: Iterable[Notification], mailbox: Counter[str]) -> Iterator[Violation]:
    """One mail per message; more only after a lost answer of the mail server, which is counted."""
    left = Counter(mailbox)
    for notification in told:
        copies = left.pop(message_id(notification.order_id, notification.kind), 0)
        most = 1 + notification.unknown_answers
        if copies > most:
            excess = f"its {notification.kind} mail is in the mailbox {copies} times; {most} are accounted for"
            yield Violation(5, notification.order_id, excess)
        elif notification.sent and copies == 0:
            yield Violation(
                5, notification.order_id, f"its {notification.kind} mail was sent, but is not in the mailbox"
            )
    for stray in left:
        if match := _OURS.fullmatch(stray):
            yield Violation(5, match[1], f"a mail {match[2]} is in the mailbox that no message stands for")


def unsent(told: Iterable[Notification]) -> Iterator[Violation]:
    """For when waiting is over: messages whose mail is still to go out."""
    for notification in told:
        if not notification.sent and not notification.failed:
            yield Violation(2, notification.order_id, f"its {notification.kind} mail still waits to be sent")


def _set_aside(feed: Feed, order_id: str, status: str, letters: Collection[str]) -> bool:
    story = feed.stories.get(order_id)
    if story is None:
        return False
    told = zip(story.statuses, story.ids, strict=True)
    return any(state == status and event_id in letters for state, event_id in told)
