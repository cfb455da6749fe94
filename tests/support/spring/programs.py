"""Spring's programs, running: each takes lines of JSON and answers with lines of JSON."""

import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.spring.building import command

START_SECONDS = 60.0
ANSWER_SECONDS = 60.0
END_SECONDS = 20.0


class Program:
    """A child that ends when its input does, and so with the test run, even when that is killed."""

    def __init__(self, module: str, main: str, arguments: Sequence[str] = ()) -> None:
        self._command = [*command(module, main), *arguments]
        self._answers: queue.Queue[str] = queue.Queue(maxsize=100)

    def __enter__(self) -> Self:
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, encoding="utf-8"
        )
        self._reader = threading.Thread(target=self._read, name=f"reader of {self._command[-1]}", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_SECONDS)
        self._reader.join(END_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def said(self, seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Its next line. Raises RuntimeError when it has ended or says nothing in time."""
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            line = ""
        if not line:
            self._errors.seek(0)
            text = self._errors.read()[-3000:].decode(errors="replace")
            raise RuntimeError(f"{self._command[-1]} does not answer: {text}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, query: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(query) + "\n")
        self._process.stdin.flush()
        return self.said()


@dataclass(frozen=True, slots=True)
class ConfigQuery:
    """What a client asks for: its name (or names), profiles and label, and values it binds to types, by name."""

    name: str
    profiles: str = ""
    label: str | None = None
    bind: dict[str, str] | None = None

    def arguments(self, url: str) -> list[str]:
        label = [f"--spring.cloud.config.label={self.label}"] if self.label else []
        profiles = [f"--spring.profiles.active={self.profiles}"] if self.profiles else []
        return [
            f"--spring.cloud.config.name={self.name}",
            f"--spring.config.import=configserver:{url}",
            "--spring.cloud.config.fail-fast=true",
            *profiles,
            *label,
        ]


class ConfigClient(Program):
    """An unmodified Spring Boot application; it is started anew for each question."""

    def __init__(self) -> None:
        super().__init__("config-client", "shop.ConfigClient")

    def resolves(self, query: ConfigQuery, url: str) -> dict[str, Any]:
        """`properties` by name, `bound` by name and type, or an `error`."""
        return self.ask({"arguments": query.arguments(url), "bind": query.bind or {}})


class Served(Program):
    """A program that listens on a port of the loopback, and first says which: `told["port"]`."""

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.told = self.said(START_SECONDS)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.url = f"http://127.0.0.1:{self.told['port']}"
        return self


class ConfigServer(Served):
    """Spring's config server over the files of `folder`, which may change at any time."""

    def __init__(self, folder: Path) -> None:
        super().__init__("config-server", "shop.ConfigServer", [str(folder)])


class ResourceServer(Served):
    """Answers `/caller` with `subject` and `authorities` to a token of `issuer`; `told["client"]` is what it found."""

    def __init__(self, issuer: str) -> None:
        super().__init__("resource-server", "shop.ResourceServer", [issuer])
