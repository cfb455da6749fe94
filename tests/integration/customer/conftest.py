"""The customer service on a real PostgreSQL, spoken to over HTTP."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from services.customer.app import build
from services.customer.settings import CustomerSettings
from tests.support.ports import free_port
from tests.support.postgresql import fresh_database, migrated_template
from tests.support.serving import served

ADMIN = {"email": "Admin@shop.test", "password": "first admin password"}


@pytest.fixture(scope="session")
def customer_template(postgres_url: str) -> Iterator[str]:
    with migrated_template(postgres_url, "customer") as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, customer_template: str) -> Iterator[str]:
    with fresh_database(postgres_url, customer_template) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> CustomerSettings:
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "1.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    return CustomerSettings(
        database_url=SecretStr(database_url),
        host="127.0.0.1",
        port=port,
        issuer=base,
        jwks_url=f"{base}/.well-known/jwks.json",
        signing_keys_directory=tmp_path,
        refresh_secret=SecretStr("a secret for successors"),
        admin_email=ADMIN["email"],
        admin_password=SecretStr(ADMIN["password"]),
        wrong_passwords_at_once=3,
    )


@pytest.fixture
async def http(settings: CustomerSettings) -> AsyncIterator[aiohttp.ClientSession]:
    async with served(build(settings), settings.port) as base, aiohttp.ClientSession(base) as session:
        yield session


@pytest.fixture
def sql(database_url: str) -> Iterator[psycopg.Connection]:
    """What the service stored, and a way to turn its clock back."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
