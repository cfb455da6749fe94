"""The mailbox: one file for each message, and a small index of them in memory.

A file's name is the message's id, a UUIDv7: names sort by arrival, and hold its time.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.chassis.runtime.ids import new_id

_SUFFIX = ".eml"
_UNFINISHED = ".part"
# All are within the first lines of each file: one is written by us, the others follow it.
_HEAD_BYTES = 4096
_RECIPIENTS = re.compile(rb"^X-Envelope-To: (.*?)\r\n", re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID: *([^\r\n]+)\r\n", re.MULTILINE | re.IGNORECASE)
_ORDER = re.compile(rb"^X-Mercato-Order: *([^\r\n]+)\r\n", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """What messages are found by; `order` is None for mail that is not about an order.

    `id` is ours, `message_id` the mail's own, which a mail that was sent twice has twice; None where it has none.
    """

    id: str
    recipients: tuple[str, ...]
    order: str | None
    message_id: str | None


class Mailbox:
    """Messages in `directory`. Raises OSError from each of its methods when the disk does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._entries: list[Entry] = []
        self._by_order: dict[str, list[Entry]] = defaultdict(list)

    def open(self) -> None:
        """Makes the directory, or takes in what an earlier run left in it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for name in sorted(os.listdir(self._directory)):
            if name.endswith(_UNFINISHED):  # its sender got no answer, and sends it again
                (self._directory / name).unlink()
            elif name.endswith(_SUFFIX):
                with (self._directory / name).open("rb") as file:
                    self._remember(name.removesuffix(_SUFFIX), file.read(_HEAD_BYTES))

    def add(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Keeps a message and answers its id.

        The file outlives this process from here on. It is not forced to the disk: that would cost more than all else
        that is done for a message, to protect try-out mail from a power cut.
        """
        message_id = str(new_id())
        envelope = f"Return-Path: <{sender}>\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
        whole = envelope.encode(errors="replace") + content
        unfinished = self._directory / (message_id + _UNFINISHED)
        unfinished.write_bytes(whole)
        unfinished.rename(self._file(message_id))
        self._remember(message_id, whole[:_HEAD_BYTES])
        return message_id

    def find(self, to: str | None, order: str | None, before: str | None, limit: int) -> list[Entry]:
        """The newest `limit` messages older than `before`, to a recipient and about an order where these are given."""
        candidates = self._entries if order is None else self._by_order.get(order.lower(), [])
        found: list[Entry] = []
        for entry in _wanted(reversed(candidates), to, before):
            found.append(entry)
            if len(found) == limit:
                break
        return found

    def read(self, message_id: str) -> bytes | None:
        """The message as it came, under the two lines of its envelope; None when there is none of this id."""
        try:
            return self._file(message_id).read_bytes()
        except FileNotFoundError:
            return None

    def _file(self, message_id: str) -> Path:
        return self._directory / (message_id + _SUFFIX)

    def _remember(self, message_id: str, head: bytes) -> None:
        entry = entry_of(message_id, head)
        self._entries.append(entry)
        if entry.order is not None:
            self._by_order[entry.order].append(entry)


def entry_of(message_id: str, head: bytes) -> Entry:
    """The entry of a kept message, from its first bytes."""
    head = head.partition(b"\r\n\r\n")[0] + b"\r\n"
    recipients, order, own = _RECIPIENTS.search(head), _ORDER.search(head), _MESSAGE_ID.search(head)
    return Entry(
        message_id,
        tuple(recipients[1].decode(errors="replace").split(", ")) if recipients else (),
        order[1].decode(errors="replace").strip().lower() if order else None,
        own[1].decode(errors="replace").strip() if own else None,
    )


def _wanted(entries: Iterable[Entry], to: str | None, before: str | None) -> Iterator[Entry]:
    wanted = to.lower() if to is not None else None
    for entry in entries:
        if before is not None and entry.id >= before:
            continue
        if wanted is None or any(wanted == recipient.lower() for recipient in entry.recipients):
            yield entry
