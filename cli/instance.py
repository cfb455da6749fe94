"""A handle on one local platform, running or stopped: everything a command needs to know about it.

instance = Instance.find(data)        # --data DIR, or None for the one last started from this checkout
instance.require_running()
instance.gateway_url, instance.kafka_bootstrap, instance.database_url("order")
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import click

from cli.credentials import Credentials
from cli.files import write_atomically
from cli.layout import DEFAULT_DATA, LAST_STARTED
from cli.platform import mailbox
from cli.platform.sites import AdminLogIn, Broker
from cli.supervisor.lock import holder
from cli.supervisor.table import Process, read_table

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Setup:
    """What `up` was last asked for, and the ports it gave out (`order`, `order.metrics`, `envoy.admin`, …)."""

    port: int
    replicas: dict[str, int]
    mail: bool
    ports: dict[str, int]
    external_postgres: str | None = None
    external_kafka: str | None = None


@dataclass(frozen=True)
class OnMachine:
    """Remedies of the platform in a data folder."""

    data: Path

    @property
    def status(self) -> str:
        return self.command("status")

    def logs(self, service: str) -> str:
        return self.command(f"logs {service}")

    def command(self, words: str) -> str:
        return f"./mercato {words}" if self.data == DEFAULT_DATA else f"./mercato {words} --data {self.data}"


@dataclass(frozen=True)
class Instance:
    """One data folder and the platform that lives in it: `Entry` and `Internals` of it (`cli.platform.sites`)."""

    data: Path

    @classmethod
    def find(cls, data: Path | None) -> "Instance":
        """The instance in `data`, or the one last started from this checkout; one clear line when there is none."""
        if data is None:
            data = cls.last_started().data
            if not cls(data).exists:
                raise click.ClickException("nothing was started from this checkout yet: start it with ./mercato up")
        instance = cls(data.absolute())
        if not instance.exists:
            raise click.ClickException(f"no Mercato data in {data}: start it with ./mercato up --data {data}")
        return instance

    @classmethod
    def last_started(cls) -> "Instance":
        """What commands mean without --data; the default data folder when nothing (that still exists) was started."""
        last = cls(Path(LAST_STARTED.read_text().strip())) if LAST_STARTED.exists() else cls(DEFAULT_DATA)
        return last if last.exists else cls(DEFAULT_DATA)

    # -- paths --

    @property
    def setup_file(self) -> Path:
        return self.data / "instance.json"

    @property
    def process_table(self) -> Path:
        return self.data / "processes.json"

    @property
    def log_directory(self) -> Path:
        return self.data / "log"

    @property
    def secrets_directory(self) -> Path:
        return self.data / "secrets"

    @property
    def signing_keys_directory(self) -> Path:
        return self.secrets_directory / "signing-keys"

    @property
    def mail_directory(self) -> Path:
        return self.data / "mail"

    @property
    def envoy_directory(self) -> Path:
        return self.data / "envoy"

    # -- state --

    @property
    def exists(self) -> bool:
        """Whether the folder is a Mercato data folder at all."""
        return self.setup_file.is_file()

    @property
    def supervisor_pid(self) -> int | None:
        """The running supervisor's pid, None when the instance is stopped."""
        return holder(self.data)

    @property
    def running(self) -> bool:
        return self.supervisor_pid is not None

    def require_running(self) -> None:
        """One clear line unless the platform runs."""
        if not self.running:
            raise click.ClickException(f"Mercato in {self.data} is not running: start it with {self.command('up')}")

    def processes(self) -> list[Process]:
        """The rows of the process table; a process that is not alive shows as not ready, whatever the table says."""
        return read_table(self.process_table)

    def command(self, words: str) -> str:
        """`./mercato …` as one would type it for this instance, to name in a remedy."""
        return self.remedies.command(words)

    @property
    def remedies(self) -> OnMachine:
        return OnMachine(self.data)

    @cached_property
    def setup(self) -> Setup:
        return Setup(**json.loads(self.setup_file.read_text()))

    def save(self, setup: Setup) -> None:
        """Keep `setup` (owner's eyes only: an external PostgreSQL's URL holds a password)."""
        write_atomically(self.setup_file, json.dumps(asdict(setup), indent=2) + "\n", mode=0o600)
        self.__dict__["setup"] = setup

    def remember(self) -> None:
        """Make this the instance that commands mean without --data."""
        LAST_STARTED.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(LAST_STARTED, f"{self.data}\n")

    # -- secrets --

    @cached_property
    def credentials(self) -> Credentials:
        return Credentials.of(self.secrets_directory)

    @property
    def admin(self) -> AdminLogIn:
        found = self.credentials.admin
        return AdminLogIn(found.email, found.password, str(self.secrets_directory / "admin.json"))

    @property
    def accounts_folder(self) -> Path:
        return self.secrets_directory

    # -- addresses --

    def url(self, name: str) -> str:
        """The base URL of a process by name: `order`, `order-2`, `config`, `simulator`, …"""
        return f"http://{HOST}:{self.setup.ports[name]}"

    @property
    def gateway_url(self) -> str:
        return f"http://{HOST}:{self.setup.port}"

    @property
    def docs_url(self) -> str:
        return f"{self.gateway_url}/docs"

    @property
    def mail_url(self) -> str | None:
        """The mail catcher's mailbox; None after `up --no-mail`."""
        return self.url("mailcatcher") if self.setup.mail else None

    @property
    def inbox(self) -> str:
        return self.url("mailcatcher")

    def message_ids(self) -> Iterable[str] | None:
        """Of all mail in the mailbox; None after `up --no-mail`."""
        return mailbox.in_folder(self.mail_directory) if self.setup.mail else None

    @property
    def simulated(self) -> bool:
        return True

    @property
    def simulator_url(self) -> str:
        return self.url("simulator")

    @property
    def config_url(self) -> str:
        return self.url("config")

    @property
    def discovery_url(self) -> str:
        return self.url("discovery")

    @property
    def kafka_bootstrap(self) -> str:
        return self.setup.external_kafka or f"{HOST}:{self.setup.ports['kafka']}"

    @property
    def broker(self) -> Broker:
        return Broker(self.kafka_bootstrap)

    def superuser_url(self, database: str = "postgres") -> str:
        """PostgreSQL as superuser, on any database."""
        external = self.setup.external_postgres
        if external:
            return urlunsplit(urlsplit(external)._replace(path=f"/{database}"))
        password = quote(self.credentials.databases["postgres"], safe="")
        return f"postgresql://postgres:{password}@{HOST}:{self.setup.ports['postgres']}/{database}"

    def database_url(self, service: str) -> str:
        """PostgreSQL as the role of `service` on its own database of the same name."""
        parts = urlsplit(self.superuser_url(service))
        address = parts.netloc.rpartition("@")[2]
        password = quote(self.credentials.databases[service], safe="")
        return urlunsplit(parts._replace(netloc=f"{service}:{password}@{address}"))

    @property
    def simulator_database_url(self) -> str:
        return self.database_url("simulator")
