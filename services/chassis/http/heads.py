"""HEAD: what GET says before its body (RFC 9110, 9.3.2)."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis.runtime.tasks import stop


class HeadersOnly:
    """Wraps an application whose answer ends where its body would begin: a stream would never end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = asyncio.Event()

        async def send_start(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                answered.set()

        async def run() -> None:
            await self._app(scope, receive, send_start)

        tasks = app, _told = asyncio.create_task(run()), asyncio.create_task(_wait(answered))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not answered.is_set():
                await app
        finally:
            await stop(*tasks)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
