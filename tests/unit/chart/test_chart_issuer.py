"""The issuer of tokens is the address that people reach the platform by, and one for all who write and read them."""

import pytest

from tests.unit.chart.chart_objects import CHART, case, containers, environment, pods, refusal, rendered

INGRESS = "ingress.enabled=true"
GATEWAY = "gateway.mode=gateway-api,gateway.gatewayApi.className=other"
OWN_KEYS = "http://customer/.well-known/jwks.json"


def issuers(*arguments: str) -> set[str]:
    """Of every container that is told one, the operator's (which hands it on) and jobs among them."""
    told = [environment(each) for _, pod in pods(rendered(*arguments)) for each in containers(pod)]
    assert {each["MERCATO_JWKS_URL"] for each in told if "MERCATO_JWKS_URL" in each} == {OWN_KEYS}, "inside the cluster"
    return {each["MERCATO_ISSUER"] for each in told if "MERCATO_ISSUER" in each}


@pytest.mark.parametrize(
    ("values", "issuer"),
    [
        ("", "http://gateway"),
        (INGRESS, "http://gateway"),
        ("ingress.host=shop.example.com", "http://gateway"),
        (f"{INGRESS},ingress.host=*.example.com", "http://gateway"),
        (f"{INGRESS},ingress.host=shop.example.com", "http://shop.example.com"),
        (f"{INGRESS},ingress.host=shop.example.com,ingress.tlsSecretName=shop-tls", "https://shop.example.com"),
        (f"{INGRESS},ingress.tlsSecretName=shop-tls", "http://gateway"),
        (f"{INGRESS},ingress.host=shop", "http://shop"),
        (GATEWAY, "http://gateway"),
        (f"{GATEWAY},gateway.gatewayApi.hostname=shop.example.com", "http://shop.example.com"),
        (
            f"{GATEWAY},gateway.gatewayApi.hostname=shop.example.com,gateway.gatewayApi.tlsSecretName=shop-tls",
            "https://shop.example.com",
        ),
        (f"{GATEWAY},gateway.gatewayApi.hostname=*.example.com", "http://gateway"),
        ("gateway.gatewayApi.hostname=shop.example.com", "http://gateway"),
        (f"oidc.issuer=http://127.0.0.1:8080,{INGRESS},ingress.host=shop.example.com", "http://127.0.0.1:8080"),
        ("oidc.issuer=https://Shop.Example.com:443/eu/", "https://Shop.Example.com:443/eu/"),
        ("oidc.issuer=http://[::1]:8080", "http://[::1]:8080"),
        ("oidc.issuer=null", "http://gateway"),
    ],
)
def test_the_issuer_is_as_given_or_where_the_platform_is_reached(values: str, issuer: str) -> None:
    assert issuers(*(("--set", values) if values else ())) == {issuer}


def test_the_case_with_a_gateway_of_another_implementation_has_its_address() -> None:
    objects = case(CHART / "ci" / "gateway-api-values.yaml")
    told = {environment(each).get("MERCATO_ISSUER") for _, pod in pods(objects) for each in containers(pod)}
    assert told - {None} == {"https://shop.example.com"}


@pytest.mark.parametrize(
    "issuer",
    [
        "gateway",
        "shop.example.com",
        "HTTPS://shop.example.com",
        "ftp://shop.example.com",
        "https://*.example.com",
        "https://shop.example.com?a=b",
        "https://shop.example.com/#a",
        "https://ann@shop.example.com",
        "https://shop.example.com:65536",
        "https://shop.example.com:0",
        "https:///path",
        "https://shop example.com",
        " https://shop.example.com",
    ],
)
def test_what_is_no_address_is_refused_by_name(issuer: str) -> None:
    assert "at '/oidc/issuer'" in refusal("--set-string", f"oidc.issuer={issuer}")


def test_another_issuers_keys_need_its_name() -> None:
    complaint = refusal("--set", "oidc.jwksUrl=https://id.example.com/keys")
    assert "oidc.issuer is empty: name the issuer whose keys oidc.jwksUrl has" in complaint
