"""What became of an attempt to send a mail, and how long to wait before the next."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from services.chassis.retry import Backoff
from services.notification.messages import Order

BACKOFF = Backoff(first=0.5, limit=15.0)
"""Never long, so that mail flows soon after a repair."""


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
        """Whether the attempt counts against the mail."""
        return self.result in {Result.DEFERRED, Result.UNKNOWN}

    @property
    def pause(self) -> timedelta:
        """Until the next attempt."""
        return timedelta(seconds=BACKOFF.after(self.mail.failures + 1) if self.failed else 0.0)
