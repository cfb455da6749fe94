"""`/livez` and `/readyz` of the operator, on the paths and with the answers of every service."""

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

Reasons = Callable[[], Mapping[str, str]]
"""Why not, by part; none: all is well."""
_SHUTDOWN_SECONDS: Final = 1.0


class Probes:
    """`alive` names what only a new process can mend, `ready` what keeps it from its work; both must be quick."""

    def __init__(self, host: str, port: int, alive: Reasons, ready: Reasons) -> None:
        self._host, self.port = host, port
        self._alive, self._ready = alive, ready
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Raises OSError where the port is taken; `port` is the real one, also where 0 was given."""
        app = web.Application()
        app.add_routes([web.get("/livez", self._livez), web.get("/readyz", self._readyz)])
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _livez(self, _request: web.Request) -> web.Response:
        return _answer(self._alive(), "ok", "stuck")

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _answer({**self._alive(), **self._ready()}, "ready", "unready")


def _answer(reasons: Mapping[str, str], good: str, bad: str) -> web.Response:
    body = {"status": bad if reasons else good, "reasons": dict(reasons)}
    return web.json_response(body, status=503 if reasons else 200)
