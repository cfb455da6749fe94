"""The whole check: wait for rest, read everything once, hold it against the six statements."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from cli.invariants import in_flight, messages, readers, statements
from cli.invariants.feed import Feed
from cli.invariants.in_flight import InFlight
from cli.invariants.logs import Logs, groups_of_others, set_aside
from cli.invariants.rows import Money, Order, SetAside, Violation
from cli.platform.databases import Databases
from cli.platform.kafka import Kafka
from cli.platform.letter_box import LetterBox
from cli.platform.sites import Internals

TITLES = {
    1: "every order answered exists and comes to rest",
    2: "the money is right, and nothing stays in flight",
    3: "the stock is right",
    4: "every event is in the feed, in order, without gaps",
    5: "one key, one order, one charge, one message",
    6: "nothing was skipped: an effect or a dead letter",
}


NO_LEDGER = "the provider's ledger, which only the simulator shows: statements 2 and 5 trust payment's own records"
OTHERS = "services beside the platform's own ({}): what they read and did, only they know"
NO_MAILBOX = "the mailbox, which only the mail catcher shows: statement 5 does not count mails"


@dataclass(frozen=True, slots=True)
class Report:
    """`in_flight` counts what was still under way when waiting ended; `orders` how many were looked at.

    `left_out` says what could not be looked at with the parts this platform uses, and what that means.
    """

    in_flight: int
    orders: int
    violations: list[Violation]
    left_out: list[str]

    @property
    def ok(self) -> bool:
        return not self.violations

    def document(self) -> dict[str, Any]:
        violations = [asdict(violation) for violation in self.violations]
        return {"ok": self.ok, "in_flight": self.in_flight, "violations": violations, "left_out": self.left_out}


def check(site: Internals, wait_seconds: float, tell: Callable[[InFlight], None]) -> Report:
    """Raises PlatformError when a database or Kafka does not answer."""
    kafka = Kafka(site)
    with Databases(site) as databases:
        moving = in_flight.wait(databases, kafka, wait_seconds, tell)
        before = readers.orders(databases)
        found = [*moving.violations(), *_violations(databases, kafka, before)]
        after = readers.orders(databases)
    # An order that changed while we read was read half before and half after: it is judged the next time.
    touched = {order_id for order_id, order in after.items() if before.get(order_id) != order}
    kept = sorted(
        (violation for violation in found if violation.order_id not in touched),
        key=lambda violation: (violation.statement, violation.order_id or "", violation.detail),
    )
    return Report(moving.total, len(after), kept, left_out(site, groups_of_others(kafka.topics())))


def left_out(site: Internals, others: Sequence[str] = ()) -> list[str]:
    """What cannot be looked at with the parts this platform uses. `others`: groups of services beside it."""
    parts = {NO_LEDGER: site.simulated, NO_MAILBOX: site.message_ids() is not None}
    unreadable = [part for part, readable in parts.items() if not readable]
    return [*unreadable, OTHERS.format(", ".join(others))] if others else unreadable


def _violations(databases: Databases, kafka: Kafka, orders: Mapping[str, Order]) -> list[Violation]:
    site = kafka.site
    keys = readers.keys(databases)
    feed, aside, found = _messaging(databases, kafka)
    told = readers.notifications(databases)
    ledgers = Money(readers.payments(databases), readers.intents(databases) if site.simulated else None)
    known_to_notification = aside["notification"].ids if "notification" in aside else frozenset()
    mailbox = site.message_ids()
    mails = messages.one_mail(told, Counter(mailbox)) if mailbox is not None else ()
    return [
        *found,
        *feed.violations,
        *chain(
            statements.existence(orders, keys),
            statements.rest(orders.values()),
            feed.complete(orders),
            statements.money(orders, ledgers),
            statements.one_hold(readers.holds(databases) if site.simulated else ()),
            statements.unsettled(ledgers.payments.values()),
            statements.stock(readers.levels(databases)),
            statements.reservations(orders, readers.reservations(databases)),
            statements.one_order_per_key(keys, readers.with_key(orders)),
            statements.one_charge(ledgers.intents or ()),
            messages.one_notification(orders, feed, told, known_to_notification),
            messages.unsent(told),
            mails,
        ),
    ]


def _messaging(databases: Databases, kafka: Kafka) -> tuple[Feed, dict[str, SetAside], list[Violation]]:
    """The feed, what is set aside by each group, and what was skipped. Offsets are read before inboxes: what is
    committed has had its effect by then."""
    logs, feed = Logs(kafka), Feed()
    letters, outcomes = LetterBox(kafka).all()
    aside = set_aside(letters, outcomes, {one: logs.waiting(one) for one in logs.subscriptions})
    inboxes = {group: readers.inbox(databases, group) for group in aside}
    skipped = list(statements.unhandled(logs.deliveries(feed), inboxes, aside))
    reasons = ((letter.id, (letter.key or b"").decode(errors="replace"), letter.reason) for letter in letters)
    return feed, aside, [*skipped, *statements.unexplained(reasons)]
