"""`${…}` as Spring resolves it; what cannot be resolved stays as written."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.config.placeholders import Placeholders
from services.config.scalars import Properties

SOURCES: list[Properties] = [
    {"host": "shop.example", "port": 443, "on": True, "rate": 1e10, "big": 10**25, "env": "dev", "empty": ""},
    {"host": "hidden", "dev.host": "dev.example", "chain1": "${chain2}!", "chain2": "${chain3}", "chain3": "end"},
    {"a": "${b}", "b": "x${a}", "self": "${self}", "list[1]": "second", "a:b": "odd", "escaped": "\\${host}"},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://${host}:${port}/x", "https://shop.example:443/x"),
        ("${on} ${rate} ${big}", f"true 1.0E10 {10**25}"),
        ("${absent:5432}", "5432"),
        ("${absent:}", ""),
        ("${empty:full}", ""),
        ("${absent:a:b}", "a:b"),
        ("${absent}", "${absent}"),
        ("${absent} ${port}", "${absent} 443"),
        ("${ host }", "${ host }"),
        ("${${env}.host}", "dev.example"),
        ("${absent:${other:${env}}}", "dev"),
        ("${${env}.absent:none-${env}}", "none-dev"),
        ("${absent:{x}}", "{x}"),
        ("${chain1}", "end!"),
        ("${list[1]}", "second"),
        ("${a:b}", "odd"),
        ("${host\\:x}", "${host:x}"),
        ("\\${host}", "${host}"),
        ("\\\\${host}", "${host}"),
        ("${escaped}", "${host}"),
        ("$host ${host {host} }", "$host ${host {host} }"),
        ("${host", "${host"),
        ("$${host}", "$shop.example"),
        ("${}", "${}"),
        ("${:x}", "x"),
        ("x}y", "x}y"),
        ("#{1 + 1}", "#{1 + 1}"),
    ],
)
def test_a_text_is_resolved_as_spring_does(text: str, expected: str) -> None:
    assert Placeholders(SOURCES).resolve(text) == expected


@pytest.mark.parametrize("text", ["${a}", "x ${b} ${port}", "${self:y}", "${absent:${a}}", "${${a}}"])
def test_what_leads_back_to_itself_stays_as_written_and_harms_no_other(text: str) -> None:
    placeholders = Placeholders(SOURCES)
    assert placeholders.resolve(text) == text
    assert placeholders.resolve("${port}") == "443"


def test_a_few_lines_cannot_ask_for_a_text_without_bound() -> None:
    doubling = {f"p{n}": f"${{p{n + 1}}}${{p{n + 1}}}" for n in range(40)} | {"p40": "x"}
    nothing = doubling | {"p40": ""}
    deep = {f"p{n}": f"${{p{n + 1}}}" for n in range(2000)} | {"p2000": "x"}
    started = time.monotonic()
    assert Placeholders([doubling]).resolve("${p0}") == "${p0}"
    assert Placeholders([doubling]).resolve("${p35}") == "x" * 32
    assert Placeholders([nothing]).resolve("${p0}") == ""
    assert Placeholders([deep]).resolve("${p0}") == "${p0}"
    for text in ("${" * 100_000, "${" * 100_000 + "}" * 100_000, "${a:" * 5000 + "}" * 5000):
        assert Placeholders([{}]).resolve(text)
    assert time.monotonic() - started < 20


def test_many_texts_together_are_bounded_too() -> None:
    placeholders = Placeholders([{"long": "x" * 500_000}])
    found = [placeholders.resolve("${long}") for _ in range(100)]
    assert found[0] == "x" * 500_000
    assert found[-1] == "${long}"
    assert sum(map(len, found)) < 20_000_000


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab$ {}:\\."), max_size=12), min_size=3, max_size=3))
def test_any_text_comes_to_an_end(texts: list[str]) -> None:
    placeholders = Placeholders([dict(zip("ab", texts[1:], strict=True))])
    placeholders.resolve(texts[0])
    placeholders.resolve("${a}${b}")
    assert Placeholders([{"a": 1}]).resolve("${a}") == "1"
