"""Where a message goes that could not be handled: `<topic>.<group>.retry`, then `<topic>.<group>.dead-letter`.

The letter carries the message's value byte for byte, with headers that tell its story; what went wrong is named by kind
and text, never with the message's data. Keys and headers that are no text (PostgreSQL takes no NUL either) are replaced
as far as they are not; the message itself stays where `mercato-origin` says, as long as its topic keeps it.
"""

import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from confluent_kafka import Message as Raw

from services.chassis.messaging.messages import InvalidMessage

ATTEMPTS = "mercato-attempts"
DUE = "mercato-retry-at"
ORIGIN = "mercato-origin"
REASON = "mercato-reason"
ERROR = "mercato-error"
FAILED_AT = "mercato-failed-at"

_RETRY_SUFFIX = ".retry"
_NUMBER = re.compile(r"[0-9]{1,6}")
_SECONDS = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?")

Letter = tuple[str, str, bytes, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Retry:
    """`attempts` more tries, `backoff_seconds` apart."""

    attempts: int = 5
    backoff_seconds: float = 5.0


def retry_topic(topic: str, group: str) -> str:
    return f"{topic}.{group}{_RETRY_SUFFIX}"


def dead_letter_topic(topic: str, group: str) -> str:
    return f"{topic}.{group}.dead-letter"


def retry_letter(raw: Raw, group: str, retry: Retry) -> Letter | None:
    """The message for its next try, or None when its tries are used up."""
    headers = _clean_headers(raw)
    told = headers.get(ATTEMPTS, "")
    # Whatever a stranger wrote there, the tries are counted and come to an end.
    attempts = (int(told) if _NUMBER.fullmatch(told) else 0) + 1
    if attempts > retry.attempts:
        return None
    origin = _origin(raw, headers)
    headers |= {ATTEMPTS: str(attempts), DUE: f"{time.time() + retry.backoff_seconds:.3f}", ORIGIN: origin}
    return retry_topic(origin.partition("/")[0], group), _key(raw), _value(raw), headers


def dead_letter(raw: Raw, group: str, error: Exception, now: datetime) -> Letter:
    """The message for the dead letters, with the reason."""
    headers = _clean_headers(raw)
    origin = _origin(raw, headers)
    headers |= {
        ORIGIN: origin,
        REASON: type(error).__name__,
        # The text of an unforeseen error may quote data (a constraint's key, a field's value): only ours are kept.
        ERROR: str(error)[:500] if isinstance(error, InvalidMessage) else "see the log of the service at this time",
        FAILED_AT: now.isoformat(timespec="milliseconds"),
    }
    return dead_letter_topic(origin.partition("/")[0], group), _key(raw), _value(raw), headers


def delay_left(raw: Raw, retry: Retry) -> float:
    """Seconds until a message of a retry topic is due, never more than the backoff; 0 for all others."""
    if not str(raw.topic()).endswith(_RETRY_SUFFIX):
        return 0.0
    due = text_headers(raw).get(DUE, "")
    return min(retry.backoff_seconds, max(0.0, float(due) - time.time())) if _SECONDS.fullmatch(due) else 0.0


def tried_before(raw: Raw) -> bool:
    """Whether it comes from a retry topic."""
    return ATTEMPTS in text_headers(raw)


def text_headers(raw: Raw) -> dict[str, str]:
    """A record's headers as text."""
    headers: Any = raw.headers() or []
    return {name: (value or b"").decode(errors="replace") for name, value in headers}


def type_of(raw: Raw) -> bytes:
    """What a record says its type is, as it stands there; empty where it does not say."""
    headers: Any = raw.headers() or []
    # As with `text_headers`, the last of several counts.
    return next((value or b"" for name, value in reversed(headers) if name == "ce_type"), b"")


def _origin(raw: Raw, headers: dict[str, str]) -> str:
    """topic/partition/offset of the first appearance."""
    return headers.get(ORIGIN) or f"{raw.topic()}/{raw.partition()}/{raw.offset()}"


def _key(raw: Raw) -> str:
    return _clean(_text(raw.key()).decode(errors="replace"))


def _clean(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _clean_headers(raw: Raw) -> dict[str, str]:
    return {_clean(name): _clean(value) for name, value in text_headers(raw).items()}


def _value(raw: Raw) -> bytes:
    return _text(raw.value())


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")
