"""Logging out: a refresh token's whole family ends, asked for in JSON or by a form (RFC 7009)."""

from typing import Any

import aiohttp
import pytest

EMAIL, PASSWORD = "ann@shop.test", "correct horse"
PATH = "/api/v1/tokens/revocation"


async def _log_in(http: aiohttp.ClientSession) -> dict[str, Any]:
    async with http.post("/api/v1/tokens", json={"email": EMAIL, "password": PASSWORD}) as answer:
        pair: dict[str, Any] = await answer.json()
        return pair


@pytest.fixture
async def pair(http: aiohttp.ClientSession) -> dict[str, Any]:
    """Ann's tokens."""
    async with http.post("/api/v1/customers", json={"email": EMAIL, "name": "Ann", "password": PASSWORD}):
        pass
    return await _log_in(http)


async def _refresh(http: aiohttp.ClientSession, token: str) -> tuple[int, dict[str, Any]]:
    async with http.post("/api/v1/tokens/refresh", json={"refresh_token": token}) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (lambda token: {"json": {"refresh_token": token}}, 204),
        (lambda token: {"data": {"token": token}}, 200),
        (lambda token: {"data": {"token": token, "token_type_hint": "access_token", "client_id": "spa"}}, 200),
    ],
    ids=["JSON", "a form", "a form with a wrong hint"],
)
async def test_every_token_of_the_session_ends_and_no_other_session(
    http: aiohttp.ClientSession, pair: dict[str, Any], how: Any, status: int
) -> None:
    elsewhere = await _log_in(http)
    _, following = await _refresh(http, pair["refresh_token"])
    for _ in range(2):  # again is no error
        async with http.post(PATH, **how(pair["refresh_token"])) as answer:
            assert (answer.status, await answer.read()) == (status, b"")
    for token in (pair["refresh_token"], following["refresh_token"]):
        assert (await _refresh(http, token))[0] == 401
    assert (await _refresh(http, elsewhere["refresh_token"]))[0] == 200


async def test_a_token_that_is_not_known_has_ended_already(http: aiohttp.ClientSession) -> None:
    async with http.post(PATH, data={"token": "never given"}) as answer:
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    async with http.post(PATH, json={"refresh_token": "never given"}) as answer:
        assert answer.status == 204


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ("", 400, "invalid_request"),
        ("token=", 400, "invalid_request"),
        ("token=a&token=b", 400, "invalid_request"),
        ("token=%", 400, "invalid_request"),
        ("token=a&client_secret=b", 401, "invalid_client"),
    ],
)
async def test_a_form_that_will_not_do_has_the_standards_word(
    http: aiohttp.ClientSession, form: str, status: int, error: str
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with http.post(PATH, data=form, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]) == (status, error)


async def test_an_access_token_cannot_be_ended_and_that_is_said(
    http: aiohttp.ClientSession, pair: dict[str, Any]
) -> None:
    async with http.post(PATH, data={"token": pair["access_token"]}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "unsupported_token_type")
    async with http.post(PATH, json={"token": pair["access_token"]}) as answer:
        assert (answer.status, answer.content_type) == (422, "application/problem+json")
