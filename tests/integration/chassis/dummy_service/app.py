"""The smallest service: it echoes, waits, fails, and counts messages."""

import asyncio
import logging
from typing import ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.http.app import application
from services.chassis.http.responses import json_response
from services.chassis.messaging.batches import Batches
from services.chassis.messaging.consumer import Consumer
from services.chassis.messaging.messages import Message
from services.chassis.messaging.outbox import Relay
from services.chassis.messaging.producer import Producer
from services.chassis.storage.database import Database, Transaction

log = logging.getLogger("dummy")


class DummySettings(ServiceSettings):
    service: ClassVar[str] = "dummy"

    topic: str


def build(settings: DummySettings) -> Starlette:
    database = Database(settings)
    producer = Producer(settings)

    async def say(request: Request) -> Response:
        log.info("asked with %s", request.headers.get("authorization"))
        async with database.transaction() as unit:
            unit.publish(Message(settings.topic, "a", "test.said.v1", {"number": 1}))
        return json_response({"said": True}, 202)

    async def slow(_request: Request) -> Response:
        await asyncio.sleep(1.5)
        return json_response({"slow": True})

    async def fail(_request: Request) -> Response:
        async with database.transaction() as unit:
            await unit.connection.execute("CREATE TEMP TABLE t (text text NOT NULL, n int NOT NULL)")
            quoted = "pm_card_visa " + "@".join(("ann", "shop.test"))
            await unit.connection.execute("INSERT INTO t VALUES (%s, NULL)", (quoted,))
        return json_response({})

    async def handle(unit: Transaction, messages: list[Message]) -> None:
        for _ in messages:
            await unit.connection.execute("INSERT INTO heard VALUES (1)")

    consumer = Consumer(settings, [settings.topic], Batches(database, "dummy", handle))
    return application(
        settings,
        routes=[Route("/say", say, methods=["POST"]), Route("/slow", slow), Route("/fail", fail)],
        resources=[database, producer, Relay(database, producer, settings.instance), consumer],
        checks={"database": database.check, "messages": consumer.check},
    )
