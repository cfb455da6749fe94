"""What a kept message says, parsed only when somebody looks at it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from uuid import UUID

from tryout.mailcatcher.mailbox import Entry

_FOLD = re.compile(r"\r?\n(?=[ \t])")
# Encoded words in a row, apart from what is around them: an address may look like one (RFC 2047, sections 2 and 5).
_WORD = r"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?="
_ENCODED = re.compile(rf"(?<![^\s(]){_WORD}(?:[ \t]+{_WORD})*(?![^\s)])")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for people; `sender` and `subject` are None where it has none."""

    id: str
    sender: str | None
    to: tuple[str, ...]
    subject: str | None
    message_id: str | None
    order_id: str | None
    received_at: datetime
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


def read(entry: Entry, raw: bytes) -> Letter:
    """Takes anything: what cannot be decoded is shown as well as it can be."""
    message = message_from_bytes(raw)
    return Letter(
        id=entry.id,
        sender=_header(message, "From"),
        to=entry.recipients,
        subject=_header(message, "Subject"),
        message_id=_header(message, "Message-ID"),
        order_id=entry.order,
        received_at=received_at(entry.id),
        text=_body(message, "text/plain"),
        html=_body(message, "text/html"),
        headers=tuple((name, _decoded(str(value))) for name, value in message.items()),
    )


def received_at(message_id: str) -> datetime:
    """The time in a UUIDv7: its first 48 bits are milliseconds (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((UUID(message_id).int >> 80) / 1000, UTC)


def _header(message: Message, name: str) -> str | None:
    value = message.get(name)
    return None if value is None else _decoded(str(value))


def _decoded(value: str) -> str:
    # Only the fold goes, not what it stood before: blanks of a name are part of it (RFC 5322, section 2.2.3).
    return _ENCODED.sub(_plain, _FOLD.sub("", value).strip(" \t\r\n"))


def _plain(words: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(words[0])))
    except (HeaderParseError, LookupError, ValueError):
        return words[0]


def _body(message: Message, kind: str) -> str:
    """The first part of a kind; empty when there is none."""
    for part in message.walk():
        if part.get_content_type() == kind and not part.get_filename():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return _text(content, part.get_content_charset("utf-8"))
    return ""


def _text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, errors="replace").replace("\r\n", "\n")
    except LookupError:
        return content.decode(errors="replace")
