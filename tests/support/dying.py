"""A process that is lost, as by kill -9, at one moment of publishing urgent messages 1 to 5 of key a.

`dying.py DATABASE_URL KAFKA TOPIC committed|acknowledged`: once number 3 is committed and not handed on, or once Kafka
has acknowledged all and none is deleted.
"""

import asyncio
import os
import signal
import sys
from functools import partial

from pydantic import SecretStr

from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Producer
from services.chassis.messaging.unit import unit_of
from services.chassis.storage.session import Session
from tests.support.bare import URGENT, BareSettings, until, urgent
from tests.support.counting import count_up


class _Mortal(Outbox):
    def hand_on(self, records: object, ids: object, older: object) -> None:
        if sys.argv[4] == "committed" and '"number":3' in str(records):
            os.kill(os.getpid(), signal.SIGKILL)
        super().hand_on(records, ids, older)  # type: ignore[arg-type]

    def acknowledged_all(self) -> bool:
        return len(self._acknowledged) == 5


async def main(url: str, bootstrap: str, topic: str) -> None:
    settings = BareSettings(instance="dying", host="127.0.0.1", database_url=SecretStr(url), kafka_bootstrap=bootstrap)
    async with Producer(settings) as producer:
        outbox = _Mortal(producer, "bare", {URGENT})
        with Session(settings) as session:
            for _ in range(5):
                with unit_of(session, outbox, locking=False) as unit:
                    count_up(unit, "a", partial(urgent, topic))
        await until(outbox.acknowledged_all)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
