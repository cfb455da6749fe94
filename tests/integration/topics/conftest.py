"""A Kafka of its own, without any topic."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.embedded import jars, kafka
from tests.support.ports import free_port


async def _until_ready(process: subprocess.Popen[bytes], bootstrap: str) -> None:
    probe = kafka.probe(bootstrap)
    async with asyncio.timeout(60):
        while await probe() is not None:
            assert process.poll() is None, "Kafka ended"
            await asyncio.sleep(0.1)


@pytest.fixture(scope="session")
def empty_kafka() -> Iterator[str]:
    """Its bootstrap address."""
    broker, controller = free_port(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="mercato-topics-"))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    try:
        asyncio.run(kafka.fetch_jars(os.environ.get("MERCATO_MAVEN_REPOSITORY", jars.REPOSITORY)))
        asyncio.run(kafka.format_storage(folder, (broker, controller), environment))
        command = kafka.process(folder, broker, environment).command
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                asyncio.run(_until_ready(process, f"127.0.0.1:{broker}"))
                yield f"127.0.0.1:{broker}"
            finally:
                process.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
