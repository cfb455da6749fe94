"""The product service on a real PostgreSQL, with tokens from an issuer of the tests; no Kafka."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import jwt
import psycopg
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.storage.database import Database
from services.chassis.storage.migrations import migrate
from services.product.api import Api
from services.product.images import Images
from services.product.seed import seeded
from services.product.settings import ProductSettings
from tests.support.serving import served

ROOT = Path(__file__).parents[3]
ISSUER = "http://issuer.test"
TokenFor = Callable[..., str]


@pytest.fixture(scope="session")
def product_postgres(postgres_url: str) -> str:
    """URL of a server whose database `product_template` is migrated."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE product_template")
    folders = ("chassis/migrations/messaging", "chassis/migrations/idempotency", "product/migrations")
    migrate(_database(postgres_url, "product_template"), [ROOT / "services" / folder for folder in folders])
    return postgres_url


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
        yield ProductSettings(
            database_url=url,
            kafka_bootstrap="127.0.0.1:1",
            issuer=ISSUER,
            host="127.0.0.1",
            port=0,
            currency=product_currency,
        )
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
    async with served(app) as base, aiohttp.ClientSession(base) as session:
        yield session


@pytest.fixture
def admin(token_for: TokenFor) -> dict[str, str]:
    """Headers of an administrator."""
    return {"authorization": f"Bearer {token_for('admin-1', 'admin')}"}


def _database(url: str, name: str) -> str:
    return url.removesuffix("/postgres") + f"/{name}"
