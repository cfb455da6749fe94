"""Which names of an issuer a service takes: what the chart's schema takes, and no other."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.configuration import issuers
from services.chassis.configuration.settings import InvalidSettingsError
from services.chassis.configuration.settings_model import ServiceSettings, build

SCHEMA = Path(__file__).parents[3] / "charts" / "mercato" / "values.schema.json"


@pytest.mark.parametrize(
    "text",
    [
        "http://gateway",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "https://shop.example.com",
        "https://shop.example.com/",
        "https://Shop.Example.COM:443",
        "https://shop.example.com.:65535/a/b",
        "https://id.example.com/realms/mercato",
        "https://id.example.com/a%20b/~c;d=e@f:g",
        "http://[::1]:8080",
        "http://my_host",
        "https://xn--bcher-kva.example",
    ],
)
def test_an_address_is_taken_as_it_is_written(text: str) -> None:
    assert issuers.checked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gateway",
        "//gateway",
        "HTTPS://gateway",
        "ftp://gateway",
        "https://",
        "https:///path",
        "https://a b",
        "https://shop.example.com ",
        "https://shop.example.com\n",
        "https://shop.example.com?a=b",
        "https://shop.example.com/#a",
        "https://user@shop.example.com",
        "https://user:pw@shop.example.com",
        "https://shop.example.com:",
        "https://shop.example.com:0",
        "https://shop.example.com:080",
        "https://shop.example.com:65536",
        "https://shop.example.com/a%2",
        "https://shop.example.com/a\\b",
        "https://*.example.com",
        "https://-shop.example.com",
        "https://bücher.example",
        "http://::1",
    ],
)
def test_what_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidSettingsError) as refusal:
        build(ServiceSettings, {}, {"issuer": text})
    assert str(refusal.value).startswith("setting issuer is invalid: ")
    assert "MERCATO_ISSUER" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_charts_schema_takes_the_same() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert schema["$defs"]["optionalIssuer"]["pattern"] == f"{issuers.PATTERN}|^$"


@given(st.integers(min_value=0, max_value=100_000))
def test_a_port_is_between_1_and_65535(port: int) -> None:
    assert (re.fullmatch(issuers.PATTERN, f"http://gateway:{port}") is not None) == (1 <= port <= 65535)
