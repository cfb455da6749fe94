"""A whole service as a process: starts, answers, drains, and ends with the right code."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from tests.conftest import NewDatabase, Topics
from tests.support.bare import until
from tests.support.ports import free_port
from tests.support.servers import Kafka

ROOT = Path(__file__).parents[3]
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjLTEifQ.c2lnbmF0dXJl"


@dataclass
class Running:
    process: asyncio.subprocess.Process
    url: str
    metrics: str
    database_url: str
    http: aiohttp.ClientSession

    async def ready(self) -> bool:
        assert self.process.returncode is None
        try:
            async with self.http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def heard(self) -> int:
        with psycopg.connect(self.database_url) as connection:
            return len(connection.execute("SELECT n FROM heard").fetchall())

    async def log(self) -> list[dict[str, Any]]:
        assert self.process.stdout
        return [json.loads(line) for line in (await self.process.stdout.read()).splitlines()]


def environment(database_url: str, bootstrap: str, topic: str, **more: object) -> dict[str, str]:
    given: dict[str, object] = {
        "HOST": "127.0.0.1",
        "PORT": free_port(),
        "METRICS_PORT": free_port(),
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP": bootstrap,
        "TOPIC": topic,
        "INSTANCE": "dummy-1",
    }
    given |= more
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | {f"MERCATO_{k}": str(v) for k, v in given.items()}


async def run(env: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.chassis.dummy_service", *arguments),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**22,
    )


@pytest.fixture
async def service(new_database: NewDatabase, topics: Topics, kafka_bootstrap: str) -> AsyncIterator[Running]:
    env = environment(new_database(), kafka_bootstrap, topics())
    process = await run(env, "serve", "--migrate")
    async with aiohttp.ClientSession() as http:
        urls = (f"http://127.0.0.1:{env['MERCATO_PORT']}", f"http://127.0.0.1:{env['MERCATO_METRICS_PORT']}/metrics")
        running = Running(process, *urls, env["MERCATO_DATABASE_URL"], http)
        try:
            await until(running.ready)
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_it_starts_answers_is_measured_and_ends_with_code_0(service: Running) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"authorization": f"Bearer {TOKEN}", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    async with service.http.post(f"{service.url}/say", headers=headers) as answer:
        assert (answer.status, answer.headers.getall("x-trace-id")) == (202, [trace])
        assert "server" not in answer.headers
    await until(lambda: service.heard() == 1)
    async with service.http.get(f"{service.url}/fail") as answer:
        assert answer.status == 500
        assert "null" not in await answer.text()
    async with service.http.get(f"{service.url}/livez") as answer:
        assert answer.status == 200
    async with service.http.get(service.metrics) as answer:
        text = await answer.text()
    assert 'mercato_http_request_seconds_count{method="POST",route="/say",status="202"} 1.0' in text
    assert 'mercato_messages_handled_total{topic="' in text

    service.process.send_signal(signal.SIGTERM)
    lines = await asyncio.wait_for(service.log(), 20)
    assert await service.process.wait() == 0
    (asked,) = (line for line in lines if line["logger"] == "dummy")
    assert {"trace_id": trace, "service": "dummy", "instance": "dummy-1", "level": "INFO"}.items() <= asked.items()
    whole = json.dumps(lines)
    assert "NotNullViolation" in whole
    for secret in (TOKEN, "pm_card_visa", "ann@shop.test"):
        assert secret not in whole


async def test_a_request_at_hand_is_answered_before_it_ends(service: Running) -> None:
    asking = asyncio.create_task(service.http.get(f"{service.url}/slow").__aenter__())
    await asyncio.sleep(0.5)
    service.process.send_signal(signal.SIGTERM)
    assert (await asking).status == 200
    assert await asyncio.wait_for(service.process.wait(), 20) == 0


async def test_it_ends_in_time_while_kafka_does_not_answer(service: Running, kafka: Kafka) -> None:
    kafka.pause()
    try:
        async with service.http.post(f"{service.url}/say") as answer:
            assert answer.status == 202
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(service.process.wait(), 25) == 0
    finally:
        kafka.resume()
    with psycopg.connect(service.database_url) as connection:
        assert len(connection.execute("SELECT id FROM outbox").fetchall()) == 1


async def test_what_it_needs_and_does_not_have_is_one_clear_line(
    new_database: NewDatabase, kafka_bootstrap: str
) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken:
        for change, words in (
            ({"METRICS_PORT": port}, "MERCATO_METRICS_PORT"),
            ({"DATABASE_URL": ""}, "MERCATO_DATABASE_URL"),
            ({"LOG_LEVEL": "LOUD"}, "MERCATO_LOG_LEVEL"),
        ):
            process = await run(environment(new_database(), kafka_bootstrap, "t", **change))
            _, error = await asyncio.wait_for(process.communicate(), 90)
            assert process.returncode == 1
            assert words in error.decode()
            assert "Traceback" not in error.decode()
        process = await run(environment(new_database(), kafka_bootstrap, "t", PORT=port))
        output, _ = await asyncio.wait_for(process.communicate(), 90)
        assert process.returncode
        assert "address already in use" in output.decode()


async def test_migrate_applies_and_ends(new_database: NewDatabase, kafka_bootstrap: str) -> None:
    env = environment(new_database(), kafka_bootstrap, "t")
    process = await run(env, "migrate")
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert "0001.dummy-heard" in output.decode()
