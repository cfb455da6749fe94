"""An unmodified Spring Security resource server takes our tokens, knowing nothing but the issuer's address."""

import base64
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from services.customer.settings import CustomerSettings
from tests.support.spring.programs import running
from tests.support.spring.shop import ResourceServer

ANN = {"email": "ann@shop.test", "name": "Ann", "password": "correct horse"}


@pytest.fixture
async def spring(http: aiohttp.ClientSession, settings: CustomerSettings) -> AsyncIterator[ResourceServer]:
    async with running(lambda: ResourceServer(settings.issuer)) as server:
        yield server


async def _token(http: aiohttp.ClientSession) -> tuple[str, str]:
    """A customer's id and access token."""
    async with http.post("/api/v1/customers", json=ANN) as answer:
        assert answer.status == 201
        customer = str((await answer.json())["id"])
    async with http.post("/api/v1/tokens", json={"email": ANN["email"], "password": ANN["password"]}) as answer:
        assert answer.status == 200
        return customer, (await answer.json())["access_token"]


async def _calls(spring: ResourceServer, token: str | None) -> tuple[int, str, bytes]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.request("GET", f"{spring.url}/caller", headers=headers, timeout=timeout) as answer:
        return answer.status, answer.headers.get("www-authenticate", ""), await answer.read()


def _promoted(token: str) -> str:
    """The same signature over claims that say more."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["roles"] = ["admin"]
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.{signature}"


def _unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


async def test_spring_discovers_the_issuer_takes_its_tokens_and_refuses_others(
    spring: ResourceServer, http: aiohttp.ClientSession, settings: CustomerSettings
) -> None:
    issuer = settings.issuer
    async with http.get("/.well-known/openid-configuration") as answer:
        published = await answer.json()
    assert spring.told["client"] == [issuer, published["token_endpoint"], published["jwks_uri"]]

    customer, token = await _token(http)
    status, _, body = await _calls(spring, token)
    assert status == 200
    assert json.loads(body) == {"subject": customer, "authorities": ["ROLE_customer"]}

    assert (await _calls(spring, None))[0] == 401
    for forged in (_promoted(token), _unsigned(token), token[:-10] + "AAAAAAAAAA"):
        status, challenge, _ = await _calls(spring, forged)
        assert status == 401
        assert 'error="invalid_token"' in challenge
