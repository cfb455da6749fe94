"""What became of an attempt to send a mail, and how long to wait before the next."""

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from services.notification.events import Order

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification whose mail is to be sent; `taken` tells this attempt from any other."""

    id: UUID
    order_id: UUID
    kind: str
    recipient: str
    recipient_name: str
    subject: str
    body: str
    event_id: str
    event_type: str
    event_data: dict[str, Any]
    trace: str | None
    taken: int
    failures: int
    order: Order | None = None
    """What the event shows, where it has been read already."""


class Result(Enum):
    """The values are those of the metric's label."""

    SENT = "sent"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    RETURNED = "returned"
    """Not tried at all."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt; `reason` is the server's text, for REFUSED."""

    mail: Pending
    result: Result
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether the attempt counts against the mail's patience."""
        return self.result in {Result.DEFERRED, Result.UNKNOWN}

    @property
    def pause(self) -> timedelta:
        """Until the next attempt."""
        return timedelta(seconds=backoff(self.mail.failures) if self.failed else 0.0)


def backoff(failures: int) -> float:
    """Seconds after `failures` earlier ones: doubling, never over 15 s, so that mail flows soon after a repair."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing
