"""Every name signs up, and is the one in the profile and in the token."""

import asyncio
from typing import Any

import aiohttp
import jwt
import pytest

from tests.support.names import FORBIDDEN, NAMES, UNSEEN

PASSWORD = "long enough"


async def _signed_up(http: aiohttp.ClientSession, name: str, email: str) -> tuple[int, dict[str, Any]]:
    body = {"email": email, "name": name, "password": PASSWORD}
    async with http.post("/api/v1/customers", json=body) as answer:
        return answer.status, await answer.json()


async def test_every_name_signs_up_and_is_in_the_token_as_it_was_typed(http: aiohttp.ClientSession) -> None:
    lost = []
    for start in range(0, len(NAMES), 20):
        batch = list(enumerate(NAMES))[start : start + 20]
        made = await asyncio.gather(*(_signed_up(http, name, f"n{number}@shop.test") for number, name in batch))
        lost += [
            (name, body)
            for (_, name), (status, body) in zip(batch, made, strict=True)
            if (status, body.get("name")) != (201, name)
        ]
    # Logging in costs as much again, and every name goes the same way: the widest of each kind.
    for number in range(0, len(NAMES), 7):
        async with http.post("/api/v1/tokens", json={"email": f"n{number}@shop.test", "password": PASSWORD}) as answer:
            token = (await answer.json())["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        async with http.get("/api/v1/customers/me", headers={"authorization": f"Bearer {token}"}) as profile:
            if {claims["name"], (await profile.json())["name"]} != {NAMES[number]}:
                lost.append((NAMES[number], claims))
    assert lost == []


@pytest.mark.parametrize("name", [*UNSEEN, *FORBIDDEN])
async def test_what_shows_nothing_or_is_no_text_is_refused(http: aiohttp.ClientSession, name: str) -> None:
    status, problem = await _signed_up(http, name, "ann@shop.test")
    assert status == 422
    assert [error["pointer"] for error in problem["errors"]] == ["/name"]


async def test_half_a_surrogate_pair_is_no_json(http: aiohttp.ClientSession) -> None:
    raw = b'{"email": "ann@shop.test", "name": "a\\ud800b", "password": "long enough"}'
    async with http.post("/api/v1/customers", data=raw, headers={"content-type": "application/json"}) as answer:
        assert (answer.status, "surrogate" in (await answer.json())["detail"]) == (400, True)
