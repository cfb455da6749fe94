"""Unmodified Spring Cloud discovery clients, with Spring's load balancer, find what is ready and nothing else."""

import asyncio
from typing import Any

import pytest

from tests.support.spring.programs import Program, running
from tests.support.spring.shop import EurekaClient, KubernetesClient


def process(name: str, port: int, *, ready: bool = True) -> dict[str, Any]:
    service = name.partition("-")[0]
    return {"name": name, "service": service, "host": "127.0.0.1", "port": port, "ready": ready, "restarts": 0}


async def _finds(client: Program, service: str, expected: list[str]) -> dict[str, Any]:
    """What the client says once it knows exactly the instances at `expected`. Raises TimeoutError."""
    async with asyncio.timeout(30):
        while True:
            told = await asyncio.to_thread(client.ask, service)
            if sorted(instance["uri"] for instance in told["instances"]) == expected:
                return told
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("kind", [EurekaClient, KubernetesClient])
async def test_spring_finds_ready_instances_and_follows_their_changes(
    discovery: Any, kind: type[EurekaClient | KubernetesClient]
) -> None:
    discovery.write(process("order", 1), process("order-2", 2), process("order-3", 3, ready=False), process("mail", 4))
    async with running(lambda: kind(discovery.url)) as client:
        both = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
        told = await _finds(client, "order", both)
        assert told["services"] == ["mail", "order"]
        assert told["chosen"] == both
        assert sorted(instance["id"] for instance in told["instances"]) == ["order", "order-2"]
        assert {(instance["service"], instance["secure"]) for instance in told["instances"]} == {("order", False)}

        discovery.write(process("order", 1, ready=False), process("order-2", 2), process("order-3", 3))
        told = await _finds(client, "order", ["http://127.0.0.1:2", "http://127.0.0.1:3"])
        assert told["services"] == ["order"]
        assert told["chosen"] == ["http://127.0.0.1:2", "http://127.0.0.1:3"]

        nobody = await asyncio.to_thread(client.ask, "nobody")
        assert (nobody["instances"], nobody["chosen"]) == ([], [])
