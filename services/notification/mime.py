"""A notification as an RFC 5322 message.

Written by hand: the standard library's `email` package takes longer for it than everything else a mail costs, and
what we send has one shape.
"""

import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formataddr, parseaddr
from uuid import UUID

# RFC 5322 allows 998 octets a line; some way below leaves room for what relays add.
_LONGEST_LINE = 900
# Base64 cannot produce it, and a text that holds it is sent as base64 (RFC 2045, section 6.7, has the idea).
_BOUNDARY = "=_"
# 45 octets make the longest encoded word, and a line of 76 characters behind "To: " (RFC 2047, section 2).
_WORD_OCTETS = 45
# Fewer than the doors refuse today: orders of older days hold what was taken then, and can be told of too.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# A longer name is written as encoded words, which can be folded wherever it is.
_LONGEST_PLAIN = 60
# Without the colon and the blank behind the header's name.
_LONGEST_ENCODED_LINE = 74
# A name may look like an encoded word, and would be shown as what it does not say.
_LOOKS_ENCODED = "=?"


@dataclass(frozen=True, slots=True)
class Mail:
    """What is to be said, and to whom."""

    order_id: UUID
    kind: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str


def message_id(order_id: UUID, kind: str) -> str:
    """The same for every copy of a mail, so that a repeat on the wire can be told from a second message."""
    return f"<{order_id}.{kind}@mercato>"


def compose(mail: Mail, sender: str, traceparent: str | None, now: datetime) -> bytes:
    """The message, with CRLF line ends; `sender` is a mailbox. Raises ValueError for what cannot stand in a header."""
    boundary = f"{_BOUNDARY}{mail.order_id.hex}"
    headers = [
        # In ASCII it is a header's value already, and may hold encoded words of whoever configured it.
        _header("From", sender if sender.isascii() else _mailbox(*parseaddr(sender))),
        _header("To", _mailbox(mail.recipient_name, mail.recipient)),
        _header("Subject", _text(mail.subject)),
        f"Date: {format_datetime(now)}",
        f"Message-ID: {message_id(mail.order_id, mail.kind)}",
        f"X-Mercato-Order: {mail.order_id}",
        # No out-of-office replies, please (RFC 3834).
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    if traceparent:
        headers.append(f"traceparent: {traceparent}")
    head = "\r\n".join(headers).encode("ascii")
    delimiter = f"\r\n--{boundary}".encode()
    parts = delimiter.join([b"", _part("plain", mail.text), _part("html", mail.html)])
    return head + b"\r\n" + parts + delimiter + b"--\r\n"


def _part(subtype: str, content: str) -> bytes:
    lines = content.encode().splitlines()
    if content.isascii() and _BOUNDARY not in content and all(len(line) <= _LONGEST_LINE for line in lines):
        encoding, body = "7bit", b"\r\n".join(lines)
    else:
        encoding, body = "base64", _base64(b"\r\n".join(lines))
    head = f"\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _base64(content: bytes) -> bytes:
    # 57 octets make the 76 characters a line may have (RFC 2045, section 6.8).
    pieces = (content[start : start + 57] for start in range(0, len(content), 57))
    return b"\r\n".join(binascii.b2a_base64(piece, newline=False) for piece in pieces)


def _header(name: str, value: str) -> str:
    first = value.partition("\r\n")[0]
    encoded = first.startswith(_LOOKS_ENCODED)
    fold = "\r\n " if encoded and len(name) + len(first) > _LONGEST_ENCODED_LINE else " "
    return f"{name}:{fold}{value}"


def _mailbox(name: str, address: str) -> str:
    if not address.isascii() or not address.isprintable() or " " in address or "@" not in address:
        raise ValueError("the address cannot be one: it is empty, or has characters that mail cannot carry")
    if _CONTROL.search(name):
        raise ValueError("the name has control characters")
    if name.isascii() and len(name) <= _LONGEST_PLAIN and _LOOKS_ENCODED not in name:
        return formataddr((name, address))
    return f"{_encoded_words(name)}\r\n <{address}>"


def _text(value: str) -> str:
    """Text in a header: as it is, or as encoded words."""
    if value.isascii() and value.isprintable() and _LOOKS_ENCODED not in value:
        return value
    return _encoded_words(value)


def _encoded_words(value: str) -> str:
    """RFC 2047, section 2: words of at most 75 characters, each whole characters, one on a line."""
    words, word = [], b""
    for char in value:
        octets = char.encode()
        if len(word) + len(octets) > _WORD_OCTETS:
            words.append(word)
            word = b""
        word += octets
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in words)
