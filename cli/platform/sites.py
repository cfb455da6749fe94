"""How a platform is reached, wherever it runs: from outside, as its customers do, and inside, where its data is.

A platform on this machine is both (`cli.instance.Instance`). One in a cluster is `Entry` from here
(`cli.platform.namespaces`), and `Internals` only for a pod beside it (`cli.platform.inside`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Remedies(Protocol):
    """The words for what a person does next, to end a line with `see …`."""

    @property
    def status(self) -> str:
        """Shows what runs and what does not."""

    def logs(self, service: str) -> str:
        """Shows what a service wrote."""

    def command(self, words: str) -> str:
        """`./mercato …` as one would type it for this platform."""


@dataclass(frozen=True, slots=True)
class InNamespace:
    """Remedies of a platform in a namespace."""

    namespace: str

    @property
    def status(self) -> str:
        return f"kubectl -n {self.namespace} get pods"

    def logs(self, service: str) -> str:
        return f"kubectl -n {self.namespace} logs deploy/{service}"

    def command(self, words: str) -> str:
        return f"./mercato {words} --namespace {self.namespace}"


@dataclass(frozen=True, slots=True)
class Broker:
    """Kafka's address, and librdkafka's security settings for who we are there."""

    bootstrap: str
    security: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def client(self) -> dict[str, str | int | float | bool]:
        """librdkafka's settings for any client."""
        return {"bootstrap.servers": self.bootstrap, "client.id": "mercato-cli", "log_level": 0, **self.security}


@dataclass(frozen=True, slots=True)
class AdminLogIn:
    """The first administrator's log-in as it was set up; `where` names what holds it."""

    email: str
    password: str = field(repr=False)
    where: str


class Entry(Protocol):
    """A platform from outside. Raises PlatformError where something must be asked for first."""

    @property
    def gateway_url(self) -> str: ...

    @property
    def mail_url(self) -> str | None:
        """The mail catcher's mailbox; None when there is none."""

    @property
    def inbox(self) -> str:
        """Where a person finds all mail, once the command has ended."""

    @property
    def admin(self) -> AdminLogIn: ...

    @property
    def accounts_folder(self) -> Path:
        """The existing folder in which the customers made by the command line are remembered."""

    @property
    def remedies(self) -> Remedies: ...


class Internals(Protocol):
    """A platform inside. Raises PlatformError where something is missing."""

    @property
    def broker(self) -> Broker: ...

    def database_url(self, service: str) -> str:
        """PostgreSQL as the role of `service` on its own database of the same name."""

    @property
    def simulated(self) -> bool:
        """Whether the payment provider is the simulator, whose ledger can be read."""

    def message_ids(self) -> Iterable[str] | None:
        """The Message-ID of every mail in the mail catcher's mailbox; None when there is no mail catcher."""

    @property
    def remedies(self) -> Remedies: ...
