import asyncio

import aiohttp
import psycopg
import pytest

EMAIL, PASSWORD = "ann@shop.test", "correct horse"


@pytest.fixture
async def token(http: aiohttp.ClientSession) -> str:
    """The refresh token of a customer who just logged in."""
    async with http.post("/api/v1/customers", json={"email": EMAIL, "name": "Ann", "password": PASSWORD}):
        pass
    async with http.post("/api/v1/tokens", json={"email": EMAIL, "password": PASSWORD}) as answer:
        return str((await answer.json())["refresh_token"])


async def _refresh(http: aiohttp.ClientSession, token: str) -> str | None:
    """The successor, or None when the token is refused."""
    async with http.post("/api/v1/tokens/refresh", json={"refresh_token": token}) as answer:
        body = await answer.json()
        assert answer.status in {200, 401}
        if answer.status == 200:
            headers = {"authorization": f"Bearer {body['access_token']}"}
            async with http.get("/api/v1/customers/me", headers=headers) as profile:
                assert profile.status == 200
        successor: str | None = body.get("refresh_token")
        return successor


def _turn_back(sql: psycopg.Connection, seconds: int) -> None:
    sql.execute("UPDATE refresh_token SET rotated_at = rotated_at - make_interval(secs => %s)", (seconds,))


async def test_a_token_is_followed_by_a_new_one_each_time(http: aiohttp.ClientSession, token: str) -> None:
    seen = {token}
    for _ in range(3):
        following = await _refresh(http, token)
        assert following is not None
        assert following not in seen
        seen.add(token := following)


async def test_the_same_token_at_once_many_times_has_one_successor(http: aiohttp.ClientSession, token: str) -> None:
    successors = set(await asyncio.gather(*(_refresh(http, token) for _ in range(20))))
    assert len(successors) == 1
    assert None not in successors


async def test_within_ten_seconds_the_successor_is_the_same(
    http: aiohttp.ClientSession, token: str, sql: psycopg.Connection
) -> None:
    first = await _refresh(http, token)
    _turn_back(sql, 8)
    assert await _refresh(http, token) == first


async def test_later_reuse_ends_the_whole_family(
    http: aiohttp.ClientSession, token: str, sql: psycopg.Connection
) -> None:
    following = await _refresh(http, token)
    assert following is not None
    _turn_back(sql, 11)
    assert await _refresh(http, token) is None
    assert await _refresh(http, following) is None


async def test_another_log_in_is_another_family(
    http: aiohttp.ClientSession, token: str, sql: psycopg.Connection
) -> None:
    async with http.post("/api/v1/tokens", json={"email": EMAIL, "password": PASSWORD}) as answer:
        other = str((await answer.json())["refresh_token"])
    await _refresh(http, token)
    _turn_back(sql, 11)
    assert await _refresh(http, token) is None
    assert await _refresh(http, other) is not None


async def test_an_expired_or_unknown_token_is_refused(
    http: aiohttp.ClientSession, token: str, sql: psycopg.Connection
) -> None:
    sql.execute("UPDATE refresh_token SET expires_at = now()")
    assert await _refresh(http, token) is None
    assert await _refresh(http, "unknown") is None


async def test_only_digests_are_stored_and_expired_families_go_at_the_next_log_in(
    http: aiohttp.ClientSession, token: str, sql: psycopg.Connection
) -> None:
    following = await _refresh(http, token)
    stored = b"".join(row[0] for row in sql.execute("SELECT digest FROM refresh_token"))
    assert token.encode() not in stored
    assert following is not None
    assert following.encode() not in stored
    sql.execute("UPDATE refresh_family SET expires_at = now() - interval '1 second'")
    async with http.post("/api/v1/tokens", json={"email": EMAIL, "password": PASSWORD}) as answer:
        assert answer.status == 200
    assert sql.execute("SELECT count(*) FROM refresh_token").fetchone() == (1,)
