import asyncio
import logging

import aiohttp
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.customer.app import build
from services.customer.settings import CustomerSettings
from tests.support.serving import served

ANN = {"email": "Ann@shop.test", "name": "Ann", "password": "correct horse"}
ADMIN = {"email": "Admin@shop.test", "password": "first admin password"}


async def test_a_new_customer_can_sign_up_log_in_and_read_the_profile(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/customers", json=ANN) as answer:
        assert answer.status == 201
        assert answer.headers["location"] == "/api/v1/customers/me"
        customer = await answer.json()
    assert {k: v for k, v in customer.items() if k != "id"} == {"email": "Ann@shop.test", "name": "Ann"}
    async with http.post("/api/v1/tokens", json={"email": "ann@SHOP.test", "password": ANN["password"]}) as answer:
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        pair = await answer.json()
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
    headers = {"authorization": f"Bearer {pair['access_token']}"}
    async with http.get("/api/v1/customers/me", headers=headers) as answer:
        assert await answer.json() == customer


async def test_an_email_can_be_taken_once_whatever_its_case(http: aiohttp.ClientSession) -> None:
    spellings = ["ann@shop.test", "ANN@shop.test", "Ann@Shop.Test"]

    async def sign_up(email: str) -> int:
        async with http.post("/api/v1/customers", json={**ANN, "email": email}) as answer:
            return answer.status

    assert sorted(await asyncio.gather(*map(sign_up, spellings))) == [201, 409, 409]


async def test_the_profile_needs_a_token(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v1/customers/me") as answer:
        assert answer.status == 401
        assert answer.content_type == "application/problem+json"


async def test_the_first_admin_is_made_once_and_left_alone_afterwards(
    settings: CustomerSettings, sql: psycopg.Connection
) -> None:
    for _ in range(2):
        async with (
            served(build(settings), settings.port) as base,
            aiohttp.ClientSession(base) as http,
            http.post("/api/v1/tokens", json=ADMIN) as answer,
        ):
            assert answer.status == 200
        settings.__dict__["admin_password"] = settings.refresh_secret
    assert sql.execute("SELECT email, roles FROM customer").fetchall() == [("Admin@shop.test", ["customer", "admin"])]


async def test_no_password_hash_or_token_is_logged(
    http: aiohttp.ClientSession, sql: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with http.post("/api/v1/customers", json=ANN):
        pass
    async with http.post("/api/v1/tokens", json={"email": ANN["email"], "password": ANN["password"]}) as answer:
        pair = await answer.json()
    hashes = [row[0] for row in sql.execute("SELECT password_hash FROM customer")]
    for secret in (ANN["password"], pair["access_token"], pair["refresh_token"], *hashes):
        assert secret not in caplog.text


async def test_a_service_without_an_rsa_key_says_what_will_not_work(
    settings: CustomerSettings, caplog: pytest.LogCaptureFixture
) -> None:
    build(settings)
    assert "RS256" not in caplog.text
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (settings.signing_keys_directory / "1.pem").write_bytes(key)
    build(settings)
    assert "strict OpenID Connect libraries refuse an issuer without RS256" in caplog.text


async def test_a_service_without_a_signing_key_says_so_in_one_line(settings: CustomerSettings) -> None:
    (settings.signing_keys_directory / "1.pem").unlink()
    with pytest.raises(SystemExit, match=r"customer: no signing key in .*openssl"):
        build(settings)
