"""What brings topics and users about: Kafka's admin API or Strimzi's objects, behind one interface."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mercato_operator.kafka.acls import Access
from mercato_operator.kafka.topics import Topic

UNAVAILABLE = "KafkaUnavailable"
REFUSED = "KafkaRefused"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something is not as declared. `reason` is one word in CamelCase, `message` one line that says what to do.

    `unknown`: it could not be looked at, so it may well be as declared.
    """

    reason: str
    message: str
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one topic, user or removal: lines that say what was done, and why it is not as declared.

    `partitions` are those a topic has now; None where that is not known.
    """

    done: tuple[str, ...] = ()
    fault: Fault | None = None
    partitions: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A user with all its rights. One that is `managed` is made and removed here; others are given, and never removed.

    `secret` is the namespace, name and key of the Secret with the password, for backends that hand on references.
    """

    user: str
    access: frozenset[Access]
    password: str = field(repr=False)
    managed: bool = True
    secret: tuple[str, str, str] | None = None


class BackendUnavailable(Exception):
    """Nothing could be asked or done; the text is one line with the remedy."""


class Backend(Protocol):
    """Each call may be repeated, does what is missing, and answers for each name. Raises BackendUnavailable.

    A fault of one name keeps no other from being seen to.
    """

    async def bring_topics(self, topics: Sequence[Topic]) -> Mapping[str, Outcome]:
        """Makes, grows and configures."""

    async def remove_topics(self, names: Collection[str]) -> Mapping[str, Outcome]:
        """Removes with all messages; without a fault the topic is gone."""

    async def bring_users(self, accounts: Sequence[Account], *, complete: bool) -> Mapping[str, Outcome]:
        """Makes users and gives exactly these rights; where `complete`, managed users not among them are removed.

        The answer holds the removed ones, and those that could not be removed, too.
        """

    async def close(self) -> None:
        """Gives up connections."""
