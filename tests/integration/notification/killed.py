"""A process that tells of many orders and mails them until it is killed; arguments: database URL, SMTP port, count."""

import asyncio
import sys

from pydantic import SecretStr

from services.chassis.storage.database import Database
from services.notification.handlers import Handlers
from services.notification.mailer import Mailer
from services.notification.settings import NotificationSettings
from tests.support.order_events import order_event
from tests.support.replicas import handled

BATCH = 40


async def main(database_url: str, port: int, count: int) -> None:
    settings = NotificationSettings(
        database_url=SecretStr(database_url),
        host="127.0.0.1",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_timeout=2.0,
        kafka_bootstrap="127.0.0.1:1",
    )
    async with Database(settings) as database, Mailer(database, settings) as mailer:
        for _ in range(count // BATCH):
            await handled(settings, Handlers(mailer).on_events, [order_event("confirmed") for _ in range(BATCH)])
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
