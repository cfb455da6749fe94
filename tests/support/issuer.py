"""An issuer of tokens that is not ours: its keys on a loopback port, and whatever claims a test wants."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

ISSUER = "http://issuer.test"
TokenFor = Callable[..., str]


@asynccontextmanager
async def issuing() -> AsyncIterator[tuple[str, TokenFor]]:
    """URL of its key set, and `token_for("subject", "role", …, claim=value, …)`."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [{**public, "kid": "test", "alg": "ES256"}]})

    def make(subject: str, *roles: str, **claims: object) -> str:
        always = {"sub": subject, "iss": ISSUER, "aud": "mercato", "exp": time.time() + 300, "roles": list(roles)}
        return jwt.encode(always | claims, key, "ES256", {"kid": "test"})

    app = web.Application()
    app.router.add_get("/jwks.json", keys)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json", make
    finally:
        await runner.cleanup()
