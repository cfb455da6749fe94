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
from services.chassis.messaging.messages import Message
from services.chassis.messaging.messaging import Messaging
from services.chassis.messaging.unit import Unit
from services.chassis.storage.database import Database

log = logging.getLogger("dummy")


class DummySettings(ServiceSettings):
    service: ClassVar[str] = "dummy"

    topic: str


def build(settings: DummySettings) -> Starlette:
    database = Database(settings)
    messaging = Messaging(settings, database, {"test.said.v1"})
    changes = messaging.single_units("changes")

    async def say(request: Request) -> Response:
        log.info("asked with %s", request.headers.get("authorization"))
        message = Message(settings.topic, "a", "test.said.v1", {"number": 1})
        await changes.do(lambda unit: unit.publish(message))
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

    def handle(unit: Unit, messages: list[Message]) -> None:
        unit.write("INSERT INTO heard SELECT json_array_elements_text(%s)::int", [1] * len(messages))

    messaging.consumer([settings.topic], handle)
    return application(
        settings,
        routes=[Route("/say", say, methods=["POST"]), Route("/slow", slow), Route("/fail", fail)],
        resources=messaging.around(changes),
        checks=messaging.checks,
    )
