"""A message as the platform knows it: a CloudEvent (1.0, Kafka binding, binary mode) with JSON data.

Sources: CloudEvents 1.0, Kafka Protocol Binding 1.0.2; W3C Trace Context.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import orjson

from services.chassis.runtime.ids import new_id

CONTENT_TYPE = "application/json"
# Ids are keys of the inbox, whose index takes no more than about 2,700 bytes; ours are UUIDs.
LONGEST_ID = 255
WAIT = "mercato-wait"
"""Header of a reply: for how many seconds work waits in the queues of the service that sends it."""
_WAIT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class InvalidMessage(Exception):
    """The message can never be handled, however often it is tried: it goes to the dead letters with this reason."""


@dataclass(frozen=True, slots=True)
class Message:
    """`key` orders messages (the order's id); `trace` is the W3C traceparent it was caused under.

    `wait`: for how many seconds work waits at the sender, as far as it says. `sent`: when what was read was written
    (with the change that caused it, before it went to Kafka), as far as it says.
    """

    topic: str
    key: str
    type: str
    data: dict[str, Any]
    id: str = field(default_factory=lambda: str(new_id()))
    trace: str | None = None
    wait: float = 0.0
    sent: datetime | None = None

    def headers(self, source: str) -> dict[str, str]:
        """The Kafka headers of the binary mode."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_type": self.type,
            "ce_source": f"/mercato/{source}",
            "ce_subject": self.key,
            "ce_time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "content-type": CONTENT_TYPE,
        }
        if self.trace:
            headers["traceparent"] = self.trace
        if self.wait:
            headers[WAIT] = f"{self.wait:.3f}"
        return headers

    def waited(self) -> float:
        """Seconds since it was written, by this machine's clock; 0 where it does not say."""
        return max(0.0, (datetime.now(UTC) - self.sent).total_seconds()) if self.sent else 0.0

    def payload(self) -> bytes:
        return orjson.dumps(self.data, option=orjson.OPT_UTC_Z)

    @classmethod
    def parse(cls, topic: str, key: bytes | None, value: bytes | None, headers: dict[str, str]) -> Self:
        """What was read from Kafka. Raises InvalidMessage with what is missing."""
        for name in ("ce_id", "ce_type"):
            if not headers.get(name):
                raise InvalidMessage(f"header {name} is missing: not a CloudEvent in binary mode")
            # The replacement character stands where text_headers found no text.
            if len(headers[name]) > LONGEST_ID or not headers[name].isprintable() or "\ufffd" in headers[name]:
                raise InvalidMessage(f"header {name} is not printable text of at most {LONGEST_ID} characters")
        if key is None or value is None:
            raise InvalidMessage("key or value is missing")
        try:
            data = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise InvalidMessage(f"data is not JSON: {error}") from None
        if not isinstance(data, dict):
            raise InvalidMessage("data is not a JSON object")
        try:
            text = key.decode()
        except UnicodeDecodeError:
            raise InvalidMessage("key is not UTF-8") from None
        trace = headers.get("traceparent")
        if trace and not _TRACEPARENT.fullmatch(trace):
            trace = None
        wait = headers.get(WAIT, "")
        waited = float(wait) if _WAIT.fullmatch(wait) else 0.0
        sent = _time(headers.get("ce_time", ""))
        return cls(topic, text, headers["ce_type"], data, headers["ce_id"], trace, waited, sent)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
