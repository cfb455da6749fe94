"""Dead letters as records, and which of them are still open. Pure: no Kafka.

A letter that was replayed or discarded is settled by a marker appended to the same dead-letter topic, with the header
`mercato-settled: <partition>/<offset>`. So what is settled lives where the letter does, for as long as it does, and
everybody who reads the topic sees the same, without a table or a consumer group beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

SUFFIX = ".dead-letter"
OWN_HEADERS = "mercato-"
ORIGIN = "mercato-origin"
REASON = "mercato-reason"
ERROR = "mercato-error"
FAILED_AT = "mercato-failed-at"
SETTLED = "mercato-settled"
OUTCOME = "mercato-outcome"


class Outcome(StrEnum):
    REPLAYED = "replayed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """A record of a dead-letter topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: dict[str, str]

    @property
    def id(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", "-")

    @property
    def origin(self) -> str:
        """`topic/partition/offset` where it first appeared, or the topic alone."""
        return self.headers.get(ORIGIN, "-")

    @property
    def target(self) -> str | None:
        """The topic it is put back onto; None when the letter does not say."""
        return self.headers.get(ORIGIN, "").partition("/")[0] or None

    @property
    def reason(self) -> str:
        return self.headers.get(REASON, "")

    @property
    def message_headers(self) -> dict[str, str]:
        """As the message was first sent: without the story of its failure."""
        return {name: value for name, value in self.headers.items() if not name.startswith(OWN_HEADERS)}


def is_dead_letter_topic(name: str) -> bool:
    return name.endswith(SUFFIX)


def settle(letters: Iterable[Letter]) -> tuple[list[Letter], dict[str, Outcome]]:
    """All letters, markers left out, and what became of the settled ones, by id. Records in the order of the log."""
    found: list[Letter] = []
    outcomes: dict[str, Outcome] = {}
    for letter in letters:
        settled = letter.headers.get(SETTLED)
        if settled is None:
            found.append(letter)
        else:
            outcomes[f"{letter.topic}/{settled}"] = Outcome(letter.headers[OUTCOME])
    return found, outcomes


def marker(letter: Letter, outcome: Outcome) -> dict[str, str]:
    """The headers of the record that settles `letter`."""
    return {SETTLED: f"{letter.partition}/{letter.offset}", OUTCOME: outcome.value}
