"""Real servers for tests, as children that end with the test run, even when it is killed; stoppable on purpose."""

import asyncio
import ctypes
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from cli.embedded import jars, kafka, postgres
from cli.ports import choose
from cli.supervisor.spec import ProcessSpec

START_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Server:
    """One server process that can be stopped, killed, paused and started again on the same port and data."""

    def __init__(self, spec: ProcessSpec, log: Path, extra: Sequence[str] = ()) -> None:
        self._spec = spec
        self._command = [*spec.command, *extra]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        self.spawn()
        self.wait()

    def spawn(self) -> None:
        """In the main thread only: the child ends with the thread that made it."""
        if self._spec.prepare:
            self._spec.prepare()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=dict(self._spec.environment),
                cwd=self._spec.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_tied(  # noqa: PLW1509 - libc is loaded, nothing else is done between fork and exec
                    self._spec.become, self._spec.death_signal
                ),
            )

    def wait(self) -> None:
        """Returns once it answers; may be called in any thread."""
        deadline = time.monotonic() + START_SECONDS
        while reason := self.answers():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                text = self._log.read_text(errors="replace")[-2000:]
                self.kill()
                raise RuntimeError(f"{self._spec.name} did not start ({reason}): {text}")
            time.sleep(0.05)

    def answers(self) -> str | None:
        """None, or why it cannot be used."""
        raise NotImplementedError

    def stop(self) -> None:
        """An orderly end."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(self._spec.stop_signal)
        try:
            self._process.wait(self._spec.grace)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """No chance to tidy up."""
        if self._process is not None:
            self._process.send_signal(self._spec.death_signal)
            self._process.wait(20)
            self._process = None

    def pause(self) -> None:
        """Connections stay open and nothing answers."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)


class Postgres(Server):
    """`url` is the superuser's. It does not wait for the disk: tests survive a killed server, not a lost machine."""

    def __init__(self, folder: Path) -> None:
        port = choose(["postgres"], {})["postgres"]
        password = secrets.token_hex(8)
        self.url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        asyncio.run(postgres.create_cluster(folder / "postgres", password, _environment()))
        spec = postgres.process(folder / "postgres", port, self.url, _environment())
        fast = ("--fsync=off", "--full_page_writes=off", "--shared_buffers=64MB")
        super().__init__(spec, folder / "postgres.log", fast)

    def answers(self) -> str | None:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            return str(error)
        return None


class Kafka(Server):
    """`bootstrap` is its address."""

    def __init__(self, folder: Path) -> None:
        asyncio.run(kafka.fetch_jars(os.environ.get("MERCATO_MAVEN_REPOSITORY", jars.REPOSITORY)))
        ports = choose(["broker", "controller"], {})
        self.bootstrap = f"127.0.0.1:{ports['broker']}"
        pair = (ports["broker"], ports["controller"])
        asyncio.run(kafka.format_storage(folder / "kafka", pair, _environment()))
        super().__init__(kafka.process(folder / "kafka", pair[0], _environment()), folder / "kafka.log")

    def answers(self) -> str | None:
        try:
            client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            return None if client.list_topics(timeout=2).brokers else "no broker"
        except KafkaException as error:
            return str(error)


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME", "LANG") if name in os.environ}


def _tied(then: Callable[[], None] | None, death: int) -> Callable[[], None]:
    """In the forked child: end when the test run ends."""

    def in_child() -> None:
        if then:
            then()
        # After the change of user, which clears it.
        _libc.prctl(_PR_SET_PDEATHSIG, death, 0, 0, 0)

    return in_child
