"""The token endpoint as RFC 6749 has it: forms, its answers and its errors. The JSON beside it stays as it was."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import aiohttp
import psycopg
import pytest

from services.customer.app import build
from services.customer.settings import CustomerSettings
from tests.support.ports import free_port
from tests.support.serving import served

EMAIL, PASSWORD = "ann@shop.test", "correct hörse & 100% +"
LOG_IN = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
async def ann(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/customers", json={"email": EMAIL, "name": "Ann", "password": PASSWORD}) as answer:
        assert answer.status == 201


async def _ask(
    http: aiohttp.ClientSession, form: Any, headers: Mapping[str, str] | None = None, query: str = ""
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    given = {"content-type": FORM, **(headers or {})}
    async with http.post(f"/api/v1/tokens{query}", data=form, headers=given) as answer:
        assert answer.content_type == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["pragma"] == "no-cache"
        return answer.status, await answer.json(), answer.headers


async def _refused(http: aiohttp.ClientSession, form: Any, **more: Any) -> tuple[int, str]:
    status, body, _ = await _ask(http, form, **more)
    assert set(body) == {"error", "error_description"}
    assert PASSWORD not in body["error_description"]
    return status, body["error"]


async def test_a_password_and_then_a_refresh_token_are_traded_for_tokens(http: aiohttp.ClientSession) -> None:
    status, first, _ = await _ask(http, LOG_IN)
    assert (status, first["token_type"], first["expires_in"]) == (200, "Bearer", 900)
    status, second, _ = await _ask(http, {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]})
    assert status == 200
    assert set(second) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert second["refresh_token"] != first["refresh_token"]
    async with http.get(
        "/api/v1/customers/me", headers={"authorization": f"Bearer {second['access_token']}"}
    ) as profile:
        assert (await profile.json())["email"] == EMAIL


async def test_form_and_json_are_one_session(http: aiohttp.ClientSession, sql: psycopg.Connection) -> None:
    """A token used up by one is used up for the other, and a late second use ends the family for both."""
    _, first, _ = await _ask(http, LOG_IN)
    async with http.post("/api/v1/tokens/refresh", json={"refresh_token": first["refresh_token"]}) as answer:
        second = await answer.json()
    sql.execute("UPDATE refresh_token SET rotated_at = rotated_at - interval '11 seconds'")
    for token in (first["refresh_token"], second["refresh_token"]):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        assert await _refused(http, form) == (400, "invalid_grant")
    async with http.post("/api/v1/tokens/refresh", json={"refresh_token": second["refresh_token"]}) as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")


@pytest.mark.parametrize(
    "form",
    [
        {**LOG_IN, "client_id": "spa", "audience": "mercato", "resource": "x"},
        {**LOG_IN, "client_id": "spa", "client_secret": "", "scope": "", "refresh_token": ""},
        {**LOG_IN, "username": f"  {EMAIL.upper()} "},
        [*LOG_IN.items(), ("resource", "a"), ("resource", "b")],
    ],
    ids=["unknown parameters", "empty ones", "another spelling of the e-mail", "unknown ones twice"],
)
async def test_what_means_nothing_here_is_ignored(http: aiohttp.ClientSession, form: Any) -> None:
    assert (await _ask(http, form))[0] == 200


@pytest.mark.parametrize("kind", [f"{FORM};charset=UTF-8", f'{FORM.upper()} ; Charset="utf-8"', f"{FORM};boundary=x"])
async def test_the_media_type_is_known_in_any_spelling(http: aiohttp.ClientSession, kind: str) -> None:
    assert (await _ask(http, LOG_IN, {"content-type": kind}))[0] == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("", "invalid_request"),
        ({"username": EMAIL, "password": PASSWORD}, "invalid_request"),
        ({**LOG_IN, "grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": EMAIL}, "invalid_request"),
        ({"grant_type": "password", "email": EMAIL, "password": PASSWORD}, "invalid_request"),
        ({**LOG_IN, "password": ""}, "invalid_request"),
        ({**LOG_IN, "username": "ann\x00@shop.test"}, "invalid_request"),
        ({**LOG_IN, "password": "x" * 1025}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ([*LOG_IN.items(), ("password", PASSWORD)], "invalid_request"),
        ([*LOG_IN.items(), ("grant_type", "refresh_token")], "invalid_request"),
        ([*LOG_IN.items(), ("client_id", "spa"), ("client_id", "spa")], "invalid_request"),
        ("grant_type=password&username=ann%40shop.test&password=100%", "invalid_request"),
        (b"grant_type=password&username=ann%40shop.test&password=%FF", "invalid_request"),
        (b'{"email": "ann@shop.test", "password": "x"}', "invalid_request"),
        ("&" * 200, "invalid_request"),
        ({**LOG_IN, "grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({**LOG_IN, "grant_type": "Password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({**LOG_IN, "scope": "openid"}, "invalid_scope"),
        ({**LOG_IN, "scope": 'a"b'}, "invalid_scope"),
        ({**LOG_IN, "password": "wrong"}, "invalid_grant"),
        ({**LOG_IN, "username": "nobody@shop.test"}, "invalid_grant"),
        ({**LOG_IN, "username": "no e-mail"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "never given"}, "invalid_grant"),
    ],
)
async def test_a_form_that_will_not_do_is_400_with_the_standards_word(
    http: aiohttp.ClientSession, form: Any, error: str
) -> None:
    status, body, headers = await _ask(http, form)
    assert (status, body["error"]) == (400, error)
    assert body["error_description"].endswith(".") or ":" in body["error_description"]
    assert "www-authenticate" not in headers


@pytest.mark.parametrize("parameter", ["grant_type=password", "password=x", "client_secret=x", "refresh_token="])
async def test_nothing_of_it_belongs_into_the_address(http: aiohttp.ClientSession, parameter: str) -> None:
    assert await _refused(http, LOG_IN, query=f"?{parameter}") == (400, "invalid_request")
    assert (await _ask(http, LOG_IN, query="?trace=1"))[0] == 200


async def test_another_charset_is_refused(http: aiohttp.ClientSession) -> None:
    headers = {"content-type": f"{FORM}; charset=iso-8859-1"}
    assert await _refused(http, LOG_IN, headers=headers) == (400, "invalid_request")


def _basic(text: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize(
    "headers",
    [_basic("spa:"), {"authorization": "bearer an.expired.token"}, {"authorization": ""}],
    ids=["a public client by Basic", "a bearer token that came along", "nothing"],
)
async def test_a_client_that_proves_nothing_is_served(http: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    assert (await _ask(http, LOG_IN, headers))[0] == 200


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        (_basic("spa:secret"), {}),
        (_basic("spa"), {}),
        ({"authorization": "Basic %%%"}, {}),
        ({"authorization": "Basic"}, {}),
        ({"authorization": 'Digest username="spa"'}, {}),
        ({}, {"client_id": "spa", "client_secret": "secret"}),
        ({}, {"client_assertion": "a.b.c", "client_assertion_type": "urn:x"}),
    ],
)
async def test_a_client_that_proves_something_is_not_known(
    http: aiohttp.ClientSession, headers: dict[str, str], more: dict[str, str]
) -> None:
    """RFC 6749, section 5.2: 401, with the scheme that the client used."""
    status, body, given = await _ask(http, {**LOG_IN, **more}, headers)
    assert (status, body["error"]) == (401, "invalid_client")
    assert given["www-authenticate"].startswith("Basic ")


async def test_wrong_passwords_count_the_same_in_both_forms(http: aiohttp.ClientSession) -> None:
    wrong = {"email": EMAIL, "password": "wrong"}
    async with http.post("/api/v1/tokens", json=wrong) as answer:
        assert answer.status == 401
    for _ in range(2):
        assert await _refused(http, {**LOG_IN, "password": "wrong"}) == (400, "invalid_grant")
    status, body, headers = await _ask(http, LOG_IN)
    assert (status, body["error"]) == (429, "temporarily_unavailable")
    assert 1 <= int(headers["retry-after"]) <= 30
    async with http.post("/api/v1/tokens", json={"email": EMAIL, "password": PASSWORD}) as answer:
        assert (answer.status, answer.content_type) == (429, "application/problem+json")


async def test_a_form_that_is_too_large_is_413(http: aiohttp.ClientSession) -> None:
    form = io.BytesIO(b"other=" + b"x" * 1024 * 1024)
    assert await _refused(http, form) == (413, "invalid_request")


async def test_a_form_is_taken_at_the_token_endpoint_alone(http: aiohttp.ClientSession) -> None:
    for path in ("/api/v1/tokens/refresh", "/api/v1/customers"):
        async with http.post(path, data={"refresh_token": "x"}) as answer:
            assert (answer.status, answer.content_type) == (415, "application/problem+json")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ({"email": EMAIL, "password": "wrong"}, "application/json", 401),
        ({"grant_type": "password", "username": EMAIL, "password": PASSWORD}, "application/json", 422),
        (LOG_IN, "text/plain", 415),
        (LOG_IN, "multipart/form-data", 415),
    ],
)
async def test_json_keeps_its_own_errors(
    http: aiohttp.ClientSession, body: dict[str, str], kind: str, status: int
) -> None:
    async with http.post("/api/v1/tokens", json=body, headers={"content-type": kind}) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_what_is_published_may_be_kept_and_read_from_any_page(http: aiohttp.ClientSession) -> None:
    documents = []
    for name in ("openid-configuration", "oauth-authorization-server", "jwks.json"):
        async with http.get(f"/.well-known/{name}", headers={"origin": "https://app.example"}) as answer:
            assert answer.status == 200
            assert answer.headers["cache-control"] == "public, max-age=300"
            assert answer.headers["access-control-allow-origin"] == "*"
            documents.append(await answer.json())
    assert documents[0] == documents[1]


async def test_after_a_change_of_the_issuer_sessions_go_on_and_old_access_tokens_do_not(
    http: aiohttp.ClientSession, settings: CustomerSettings
) -> None:
    _, before, _ = await _ask(http, LOG_IN)
    port = free_port()
    changed = settings.model_copy(
        update={
            "issuer": f"http://localhost:{port}",
            "port": port,
            "jwks_url": f"http://127.0.0.1:{port}/.well-known/jwks.json",
        }
    )
    async with served(build(changed), port) as base, aiohttp.ClientSession(base) as other:
        form = {"grant_type": "refresh_token", "refresh_token": before["refresh_token"]}
        _, after, _ = await _ask(other, form)
        for pair, status in ((before, 401), (after, 200)):
            bearer = {"authorization": f"Bearer {pair['access_token']}"}
            async with other.get("/api/v1/customers/me", headers=bearer) as answer:
                assert answer.status == status
