"""Well-known libraries of OAuth and OpenID Connect discover the service, log in, refresh and verify, as they are."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwk, jwt
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session as OAuthlibSession

from services.customer.settings import CustomerSettings
from tests.support.npm import installed

EMAIL, PASSWORD = "ann@shop.test", "correct horse"
OPENID_CLIENT = Path(__file__).parents[2] / "support" / "openid_client"
NODE_SECONDS = 60.0


@pytest.fixture
async def issuer(http: aiohttp.ClientSession, settings: CustomerSettings) -> str:
    """Of a service that knows Ann."""
    async with http.post("/api/v1/customers", json={"email": EMAIL, "name": "Ann", "password": PASSWORD}) as answer:
        assert answer.status == 201
    return settings.issuer


def _by_authlib(issuer: str) -> dict[str, Any]:
    with OAuth2Session("shop", token_endpoint_auth_method="none") as session:
        metadata = OpenIDProviderMetadata(
            session.get(f"{issuer}/.well-known/openid-configuration", withhold_token=True, timeout=10).json()
        )
        metadata.validate()
        assert metadata["issuer"] == issuer
        endpoint = metadata["token_endpoint"]
        first = dict(session.fetch_token(endpoint, username=EMAIL, password=PASSWORD, timeout=10))
        second = dict(session.refresh_token(endpoint, timeout=10))
        assert second["refresh_token"] != first["refresh_token"]
        assert session.revoke_token(metadata["revocation_endpoint"], second["refresh_token"], timeout=10).ok
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.refresh_token(endpoint, second["refresh_token"], timeout=10)
        keys = jwk.KeySet.import_key_set(session.get(metadata["jwks_uri"], withhold_token=True, timeout=10).json())
        algorithms = metadata["id_token_signing_alg_values_supported"]
        claims = jwt.decode(second["access_token"], keys, algorithms=algorithms).claims
        jwt.JWTClaimsRegistry(iss={"essential": True, "value": issuer}, aud={"value": "mercato"}).validate(claims)
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.fetch_token(endpoint, username=EMAIL, password="wrong", timeout=10)
        return dict(claims)


async def test_authlib_discovers_logs_in_refreshes_and_verifies(issuer: str) -> None:
    assert (await asyncio.to_thread(_by_authlib, issuer))["email"] == EMAIL


def _authorization_server(issuer: str) -> None:
    with OAuth2Session() as session:
        found = session.get(f"{issuer}/.well-known/oauth-authorization-server", withhold_token=True, timeout=10)
        AuthorizationServerMetadata(found.json()).validate()


async def test_the_metadata_is_also_where_and_what_rfc_8414_says(issuer: str) -> None:
    await asyncio.to_thread(_authorization_server, issuer)


def _by_oauthlib(issuer: str, *, client_id_in_body: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    endpoint = f"{issuer}/api/v1/tokens"
    with OAuthlibSession(client=LegacyApplicationClient("shop")) as session:
        how = {"include_client_id": True} if client_id_in_body else {}
        first = session.fetch_token(endpoint, username=EMAIL, password=PASSWORD, timeout=10, **how)
        second = session.refresh_token(endpoint, timeout=10, client_id="shop")
        with pytest.raises(InvalidGrantError):
            session.fetch_token(endpoint, username=EMAIL, password="wrong", timeout=10, **how)
        return dict(first), dict(second)


@pytest.mark.parametrize("client_id_in_body", [True, False], ids=["in the body", "by Basic, no secret"])
async def test_oauthlib_logs_in_and_refreshes(
    issuer: str, monkeypatch: pytest.MonkeyPatch, client_id_in_body: bool
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # loopback; it knows no exception for it
    first, second = await asyncio.to_thread(_by_oauthlib, issuer, client_id_in_body=client_id_in_body)
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]


async def test_openid_client_discovers_logs_in_refreshes_and_verifies(issuer: str) -> None:
    folder = await asyncio.to_thread(installed, OPENID_CLIENT)
    node = await asyncio.create_subprocess_exec(
        *("node", "log-in.mjs", issuer, EMAIL, PASSWORD),
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(NODE_SECONDS):
            written, complaints = await node.communicate()
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()
    assert node.returncode == 0, complaints.decode()
    assert json.loads(written) == {
        "sameMetadata": True,
        "tokenType": "bearer",
        "expiresIn": 900,
        "rotated": True,
        "email": EMAIL,
        "algorithm": "RS256",
        "afterRevocation": {"name": "ResponseBodyError", "status": 400, "error": "invalid_grant"},
        "wrongPassword": {"name": "ResponseBodyError", "status": 400, "error": "invalid_grant"},
        "withSecret": {"name": "WWWAuthenticateChallengeError", "status": 401},
    }
