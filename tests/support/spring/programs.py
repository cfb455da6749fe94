"""Spring's programs, running: each takes lines of JSON and answers with lines of JSON."""

import asyncio
import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest

from tests.support.absent import Absent
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
        with suppress(BrokenPipeError):
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
        with suppress(BrokenPipeError):  # it has ended: then it says nothing either
            self._process.stdin.write(json.dumps(query) + "\n")
            self._process.stdin.flush()
        return self.said()


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


P = TypeVar("P", bound=Program)


@asynccontextmanager
async def running(make: Callable[[], P]) -> AsyncIterator[P]:
    """The program that `make` makes, until the end of the block. Where it cannot be built: skips, and says so."""
    try:
        program = await asyncio.to_thread(make)
    except Absent as absent:
        pytest.skip(f"Spring's programs cannot be built: {absent}")
    await asyncio.to_thread(program.__enter__)
    try:
        yield program
    finally:
        await asyncio.to_thread(program.__exit__, None, None, None)
