"""Who is let in, who is not, and what happens while the keys cannot be had."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.requests import Request

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.http import tokens as module
from services.chassis.http.problems import Forbidden, Problem, Unauthorized, Unavailable
from services.chassis.http.tokens import Caller, Tokens, require_admin

ISSUER = "https://issuer.test"


class Settings(ServiceSettings):
    service: ClassVar[str] = "bare"


class Issuer:
    """Publishes keys on a loopback port, until told not to."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.document: object = None
        self.status = 200
        self.delay = 0.0
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0
        self.content_type = "application/jwk-set+json"

    def new_key(self, kid: str, kind: str = "ES256") -> Any:
        key: Any = ec.generate_private_key(ec.SECP256R1())
        if kind == "RS256":
            key = rsa.generate_private_key(65537, 2048)
        algorithm: Any = RSAAlgorithm if kind == "RS256" else ECAlgorithm
        self.keys[kid] = {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "alg": kind, "use": "sig"}
        return key

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await asyncio.sleep(self.delay)
        await self.answers.wait()
        document = {"keys": list(self.keys.values())} if self.document is None else self.document
        return web.Response(text=json.dumps(document), status=self.status, content_type=self.content_type)


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[Issuer, str]]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/jwks", issuer.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield issuer, f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    await runner.cleanup()


@pytest.fixture
async def tokens(issuer: tuple[Issuer, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tokens]:
    monkeypatch.setattr(module, "_SOONEST_REFRESH", 0.0)
    async with Tokens(Settings(issuer=ISSUER, jwks_url=issuer[1])) as tokens:
        yield tokens


@pytest.fixture
def key(issuer: tuple[Issuer, str]) -> Any:
    return issuer[0].new_key("k1")


def token(key: Any, kid: str = "k1", algorithm: str = "ES256", **claims: Any) -> str:
    now = int(time.time())
    default = {"iss": ISSUER, "aud": "mercato", "sub": "c-1", "exp": now + 60, "iat": now, "roles": ["customer"]}
    given = {name: value for name, value in (default | claims).items() if value is not None}
    return jwt.encode(given, key, algorithm, headers={"kid": kid})


def bearing(value: str) -> Request:
    return Request({"type": "http", "headers": [(b"authorization", value.encode("latin-1"))]})


async def verify(tokens: Tokens, text: str) -> Caller:
    return await tokens.verify(bearing(f"Bearer {text}"))


async def test_a_valid_token_tells_who_calls(tokens: Tokens, key: Any) -> None:
    caller = await verify(tokens, token(key, email="a@b.test", name="Ann", roles=["admin"]))
    assert caller == Caller("c-1", "a@b.test", "Ann", frozenset({"admin"}))
    require_admin(caller)


@pytest.mark.parametrize(
    ("names", "claims"),
    [
        (
            {"claim_roles": "realm_access.roles", "claim_email": "mail", "claim_name": "profile.full.name"},
            {"realm_access": {"roles": ["admin"]}, "mail": "a@b.test", "profile": {"full": {"name": "Ann"}}},
        ),
        (
            {"claim_roles": "https://shop.test/roles", "claim_name": "nickname"},
            {"https://shop.test/roles": "admin", "email": "a@b.test", "nickname": "Ann"},
        ),
        (
            {"claim_roles": "shop.roles"},
            {"shop.roles": ["admin"], "shop": {"roles": ["customer"]}, "email": "a@b.test", "name": "Ann"},
        ),
    ],
)
async def test_another_issuer_may_name_its_claims_otherwise(
    issuer: tuple[Issuer, str], key: Any, names: dict[str, Any], claims: dict[str, Any]
) -> None:
    async with Tokens(Settings(issuer=ISSUER, jwks_url=issuer[1], **names)) as tokens:
        caller = await verify(tokens, token(key, roles=None, **claims))
    assert caller == Caller("c-1", "a@b.test", "Ann", frozenset({"admin"}))


@pytest.mark.parametrize(
    "claims", [{"realm_access": None}, {"realm_access": "admin"}, {"realm_access": {"roles": None}}]
)
async def test_who_has_no_such_claim_has_no_role(issuer: tuple[Issuer, str], key: Any, claims: dict[str, Any]) -> None:
    async with Tokens(Settings(issuer=ISSUER, jwks_url=issuer[1], claim_roles="realm_access.roles")) as tokens:
        caller = await verify(tokens, token(key, roles=["admin"], **claims))
    assert not caller.is_admin
    assert (caller.email, caller.name) == ("", "")


async def test_a_claim_that_is_no_text_is_none(tokens: Tokens, key: Any) -> None:
    caller = await verify(tokens, token(key, roles=[{"name": "admin"}], email=["a@b.test"], name=5))
    assert caller == Caller("c-1", "", "", frozenset())


async def test_a_customer_is_no_admin(tokens: Tokens, key: Any) -> None:
    with pytest.raises(Forbidden):
        require_admin(await verify(tokens, token(key)))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_both_kinds_of_keys_are_taken(tokens: Tokens, issuer: tuple[Issuer, str], algorithm: str) -> None:
    key = issuer[0].new_key("other", algorithm)
    assert (await verify(tokens, token(key, "other", algorithm))).subject == "c-1"


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("山田\u3000太郎", "山田\u3000太郎"),
        ("\u3000 Ann\u00a0", "Ann"),
        ("Ann\r\nBcc: eve@else.test", "Ann  Bcc: eve@else.test"),
        ("a\u2028b\ufffe\ud800c", "a b  c"),
        ("x" * 300, "x" * 200),
        ("\u200b\u3164 \u2800", ""),
        ("4111 1111 1111 1111", ""),
        (["Ann"], ""),
        (7, ""),
    ],
)
async def test_a_name_from_any_issuer_is_a_text_as_a_door_takes_it_or_none(
    tokens: Tokens, key: Any, claim: Any, name: str
) -> None:
    assert (await verify(tokens, token(key, name=claim))).name == name


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"aud": "others"},
        {"aud": None},
        {"iss": "https://else.test"},
        {"iss": None},
        {"sub": None},
        {"sub": 5},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
        {"sub": "half \ud800"},
        {"nbf": 2**40},
    ],
)
async def test_claims_that_do_not_fit_are_401(tokens: Tokens, key: Any, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized) as caught:
        await verify(tokens, token(key, **claims))
    assert caught.value.headers["www-authenticate"] == "Bearer"


def unsigned(header: dict[str, Any], key: bytes = b"") -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    claims = {"iss": ISSUER, "aud": "mercato", "sub": "c-1", "exp": 2**40}
    signed = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    signature = hmac.new(key, signed.encode(), hashlib.sha256).digest() if key else b""
    return f"{signed}.{part(signature)}"


async def test_forged_tokens_are_401(tokens: Tokens, key: Any, issuer: tuple[Issuer, str]) -> None:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger = ec.generate_private_key(ec.SECP256R1())
    good = token(key)
    header, _, signature = good.split(".")
    other_claims = token(key, sub="c-2").split(".")[1]
    for forged in (
        unsigned({"alg": "none", "kid": "k1"}),
        unsigned({"alg": "None", "kid": "k1"}),
        unsigned({"alg": "HS256", "kid": "k1"}, public),
        unsigned({"alg": "HS256", "kid": "k1"}, json.dumps(issuer[0].keys["k1"]).encode()),
        unsigned({"alg": "ES256", "kid": ["k1"]}),
        unsigned({"alg": "ES256", "kid": "k1"}, b"x"),
        token(stranger),
        f"{header}.{other_claims}.{signature}",
        f"{header}..{signature}",
        good[:-8],
        "a.b.c",
        "....",
        "x",
        "ü.ü.ü",
        "A" * 100_000,
    ):
        with pytest.raises(Unauthorized):
            await verify(tokens, forged)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Token x",
        "bearer\tx",
        "Bearerx",
        "Bearer a b",
        "Bearer a,b",
        "x Bearer a",
    ],
)
async def test_without_a_bearer_token_it_is_401(tokens: Tokens, header: str) -> None:
    with pytest.raises(Unauthorized, match="Authorization: Bearer"):
        await tokens.verify(bearing(header))


async def test_the_scheme_is_case_insensitive_and_spaces_do_not_make_another_entry(tokens: Tokens, key: Any) -> None:
    text = token(key)
    for header in (f"Bearer {text}", f"bearer {text}", f"BEARER   {text} "):
        assert (await tokens.verify(bearing(header))).subject == "c-1"
    assert len(tokens._verified) == 1


async def test_two_of_them_are_none(tokens: Tokens, key: Any) -> None:
    twice = [(b"authorization", f"Bearer {token(key)}".encode())] * 2
    with pytest.raises(Unauthorized):
        await tokens.verify(Request({"type": "http", "method": "GET", "path": "/", "headers": twice}))


async def test_a_known_token_ends_when_it_expires(tokens: Tokens, key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = token(key, exp=int(time.time()) + 5)
    await verify(tokens, text)
    later = time.time() + 30
    monkeypatch.setattr(time, "time", lambda: later)
    assert all(expires < later for expires, _ in tokens._verified.values())


async def test_the_cache_is_bounded(tokens: Tokens, key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 3)
    for number in range(5):
        await verify(tokens, token(key, sub=f"c-{number}"))
    assert [caller.subject for _, caller in tokens._verified.values()] == ["c-2", "c-3", "c-4"]


async def test_a_new_key_is_found_at_once(tokens: Tokens, key: Any, issuer: tuple[Issuer, str]) -> None:
    await verify(tokens, token(key))
    new = issuer[0].new_key("k2")
    assert (await verify(tokens, token(new, "k2"))).subject == "c-1"
    assert (await verify(tokens, token(key))).subject == "c-1"


async def test_an_unknown_key_is_401(tokens: Tokens, key: Any) -> None:
    with pytest.raises(Unauthorized, match="not known here"):
        await verify(tokens, token(key, "k9"))


async def test_a_withdrawn_key_ends_its_tokens(tokens: Tokens, key: Any, issuer: tuple[Issuer, str]) -> None:
    text = token(key)
    await verify(tokens, text)
    del issuer[0].keys["k1"]
    new = issuer[0].new_key("k2")
    await verify(tokens, token(new, "k2"))
    with pytest.raises(Unauthorized):
        await verify(tokens, text)


async def test_unknown_keys_do_not_make_a_storm_of_questions(
    tokens: Tokens, key: Any, issuer: tuple[Issuer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await verify(tokens, token(key))
    monkeypatch.setattr(module, "_SOONEST_REFRESH", 60.0)
    before = issuer[0].asked
    answers = await asyncio.gather(
        *(verify(tokens, token(key, f"x{number}")) for number in range(50)), return_exceptions=True
    )
    assert all(isinstance(answer, Unauthorized) for answer in answers)
    assert issuer[0].asked == before


async def test_callers_at_once_ask_for_the_keys_once(
    tokens: Tokens, key: Any, issuer: tuple[Issuer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SOONEST_REFRESH", 60.0)
    issuer[0].delay = 0.1
    callers = await asyncio.gather(*(verify(tokens, token(key, sub=f"c-{number}")) for number in range(30)))
    assert (len(callers), issuer[0].asked) == (30, 1)


@pytest.mark.parametrize(
    ("status", "document"), [(503, None), (404, None), (200, []), (200, {}), (200, {"keys": []}), (200, "text")]
)
async def test_without_keys_it_is_503_until_they_are_back(
    tokens: Tokens, key: Any, issuer: tuple[Issuer, str], status: int, document: object
) -> None:
    issuer[0].status, issuer[0].document = status, document
    with pytest.raises(Unavailable) as caught:
        await verify(tokens, token(key))
    assert caught.value.headers["retry-after"] == "1"
    issuer[0].status, issuer[0].document = 200, None
    assert (await verify(tokens, token(key))).subject == "c-1"


async def test_a_new_key_while_the_issuer_is_away_is_503_not_401(
    tokens: Tokens, key: Any, issuer: tuple[Issuer, str]
) -> None:
    await verify(tokens, token(key))
    new = issuer[0].new_key("k2")
    issuer[0].status = 503
    with pytest.raises(Unavailable):
        await verify(tokens, token(new, "k2"))
    assert (await verify(tokens, token(key))).subject == "c-1"


async def test_known_keys_serve_on_while_a_slow_issuer_is_asked_again(
    tokens: Tokens, key: Any, issuer: tuple[Issuer, str]
) -> None:
    await verify(tokens, token(key))
    issuer[0].answers.clear()
    tokens._fetched_at = float("-inf")
    async with asyncio.timeout(1.0):
        for number in range(10):
            await verify(tokens, token(key, sub=f"c-{number}"))
    assert issuer[0].asked <= 2
    issuer[0].answers.set()


async def test_no_answer_repeats_the_token(tokens: Tokens, key: Any) -> None:
    text = token(key, aud="others")
    with pytest.raises(Problem) as caught:
        await verify(tokens, text)
    assert text not in str(caught.value.body())
