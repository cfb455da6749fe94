"""Stand-ins for what the gateway speaks to: discovery, the issuer, and services behind it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.chassis.http.problems import Problem
from services.chassis.http.responses import problem_response
from tests.support.ports import free_port


class Discovery:
    """Discovery's list as a stream; `put` changes it."""

    def __init__(self) -> None:
        self.apps: dict[str, list[int]] = {}
        self._changed = asyncio.Event()
        self.app = Starlette(routes=[Route("/apps", self._answer)])

    def put(self, **ports: list[int]) -> None:
        """The whole list: the ports of each backend's ready instances on 127.0.0.1."""
        self.apps = ports
        self._changed.set()
        self._changed = asyncio.Event()

    def _body(self) -> str:
        return json.dumps(
            [
                {"name": name, "serviceInstances": [{"host": "127.0.0.1", "port": port} for port in ports]}
                for name, ports in self.apps.items()
            ]
        )

    async def _answer(self, request: Request) -> Response:
        if "text/event-stream" not in request.headers["accept"]:
            return Response(self._body(), media_type="application/json")
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        while True:
            changed = self._changed
            yield f"data: {self._body()}\n\n"
            await changed.wait()


class Issuer:
    """Signs tokens and publishes its key, while `published`."""

    def __init__(self, issuer: str) -> None:
        self._issuer, self._key, self.published = issuer, Ed25519PrivateKey.generate(), True
        self.app = Starlette(routes=[Route("/jwks.json", self._keys)])

    def token(self, subject: str = "a-customer", **claims: Any) -> str:
        content = {"iss": self._issuer, "aud": "mercato", "sub": subject, "exp": int(time.time()) + 600} | claims
        return jwt.encode(content, self._key, "EdDSA", headers={"kid": "1"})

    async def _keys(self, _request: Request) -> Response:
        if not self.published:
            return Response(status_code=503)
        key = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key()))
        return JSONResponse({"keys": [key | {"kid": "1", "use": "sig", "alg": "EdDSA"}]})


class Service:
    """Tells what reached it; `statuses` are answered first, in order, each once.

    While there is a `problem`, that is the answer. Its `description` is what it says of its API: 404 without one.
    """

    def __init__(self, name: str) -> None:
        self.name, self.requests, self.statuses = name, 0, list[int]()
        self.pause = 0.0
        self.problem: Problem | None = None
        self.description: Any = None
        self.app = Starlette(
            routes=[
                Route("/openapi.json", self._describe),
                Route("/{path:path}", self._answer, methods=["GET", "POST"]),
            ]
        )

    def describe(self, *paths: str) -> None:
        """Says that it answers GET on these paths."""
        item = {"get": {"responses": {"200": {"description": "fine"}}}}
        self.description = {"openapi": "3.1.0", "paths": dict.fromkeys(paths, item)}

    async def _describe(self, _request: Request) -> Response:
        return Response(status_code=404) if self.description is None else JSONResponse(self.description)

    async def _answer(self, request: Request) -> Response:
        self.requests += 1
        body = await request.body()
        await asyncio.sleep(self.pause)
        if self.problem:
            return problem_response(self.problem)
        status = self.statuses.pop(0) if self.statuses else 200
        seen = {"service": self.name, "headers": dict(request.headers), "bytes": len(body)}
        return JSONResponse(seen, status, {"x-trace-id": "the-service's-own"})


@asynccontextmanager
async def echoing_socket() -> AsyncIterator[int]:
    """The port of a service that answers a web socket's first message with the same; other requests with 404."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(await socket.receive_str())
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/socket", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port := free_port())
    await site.start()
    try:
        yield port
    finally:
        await runner.cleanup()
