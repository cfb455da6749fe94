"""An environment as one document: what is read from it is what was said."""

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.config import java_properties
from services.config.backend import PropertySource
from services.config.environment import Environment
from services.config.rendering import rendered
from services.config.scalars import Properties

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["08540", "1e3", "0x1F", "1:30", "yes", "n", "~", "null", "=", "<<", "1_000", ".5", "0o17", "2024-01-31", "- x"]
)
SCALARS = TEXTS | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)


def told(*sources: Properties) -> Environment:
    named = tuple(PropertySource(f"s{number}", source) for number, source in enumerate(sources))
    return Environment("order", ("default",), None, named)


def yml(*sources: Properties, resolve: bool = True) -> Any:
    return yaml.safe_load(rendered(told(*sources), "yml", resolve=resolve))


@pytest.mark.parametrize(
    "text",
    [
        *[
            "08540",
            "0777",
            "1e3",
            "1_000",
            "0x1F",
            "1:30",
            "yes",
            "No",
            "y",
            "N",
            "on",
            "~",
            "null",
            "Null",
            "",
            " ",
            "=",
        ],
        *[
            "<<",
            "true",
            "1.0",
            ".5",
            ".inf",
            "2024-01-31",
            "0o17",
            "- x",
            "a: b",
            "# x",
            "x #y",
            "*a",
            "&a",
            "!a",
            "%a",
        ],
        *[
            "@a",
            "`a",
            "{a}",
            "[a]",
            "'",
            '"',
            "a\nb",
            "\n",
            " a ",
            "a\tb",
            "山田　太郎",
            "🛒",
            "a\u2028b",
            "a\x85b",
            "\ufeff",
        ],
        *["\x00", "\x07", "a\\b", "?", "-", "...", "---", "a" * 500, "a b " * 100, "x:", ":x", "12e03", "_1", "+1"],
    ],
)
def test_a_text_is_read_back_from_each_form(text: str) -> None:
    found = told({"key": text, f"x.{text}": "v"})
    assert yaml.safe_load(rendered(found, "yml", resolve=False))["key"] == text
    assert json.loads(rendered(found, "json", resolve=False))["key"] == text
    (properties,) = java_properties.parts(rendered(found, "properties", resolve=False).decode())
    assert properties["key"] == text


@pytest.mark.parametrize(
    "text", ["08540", "1e3", "yes", "n", "~", "0x1F", "1:30", "2024-01-31", "1_000", "0o17", "NULL"]
)
def test_a_text_that_some_reader_takes_for_more_is_in_quotes(text: str) -> None:
    assert rendered(told({"a": text}), "yml", resolve=True).decode() == f"a: '{text}'\n"


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), SCALARS, max_size=4))
def test_every_value_is_read_back_from_yaml_and_json(properties: dict[str, Any]) -> None:
    found = told(properties)
    assert yaml.safe_load(rendered(found, "yml", resolve=False)) == properties
    assert json.loads(rendered(found, "json", resolve=False)) == properties


@settings(deadline=None)
@given(st.dictionaries(st.text("ab.[]0$\n{}: #", max_size=8), SCALARS, max_size=4))
def test_every_name_can_be_written_in_each_form(properties: dict[str, Any]) -> None:
    for resolve in (True, False):
        yaml.safe_load(rendered(told(properties), "yml", resolve=resolve))
        json.loads(rendered(told(properties), "json", resolve=resolve))
        java_properties.parts(rendered(told(properties), "properties", resolve=resolve).decode())


def test_numbers_of_any_kind_are_written() -> None:
    numbers = {"big": 10**999, "low": -(10**30), "inf": math.inf, "nan": math.nan, "u64": 2**64 - 1}
    assert yml(numbers)["big"] == 10**999
    found = json.loads(rendered(told(numbers), "json", resolve=True))
    assert found == {"big": 10**999, "low": -(10**30), "inf": "Infinity", "nan": "NaN", "u64": 2**64 - 1}
    assert b"\ninf: Infinity\n" in rendered(told(numbers), "properties", resolve=True)


def test_placeholders_are_resolved_over_all_sources_unless_it_is_asked_otherwise() -> None:
    sources: list[Properties] = [
        {"name": "order"},
        {"greeting": "Hello ${name}", "map.${name}": 1, "list[0]": "${name}"},
    ]
    assert yml(*sources) == {"name": "order", "greeting": "Hello order", "map": {"order": 1}, "list": ["order"]}
    assert yml(*sources, resolve=False)["greeting"] == "Hello ${name}"
    assert b"greeting: Hello order\n" in rendered(told(*sources), "properties", resolve=True)


def test_what_a_placeholder_stands_for_is_what_it_is_in_yaml_and_a_text_in_json() -> None:
    said: Properties = {
        "port": 8080,
        "zip": "08540",
        "octal": "0123",
        "a": "${port}",
        "b": "${zip}",
        "c": "${octal}",
        "d": "${x:true}",
        "e": "${x:[1, b]}",
        "f": "${x:null}",
        "g": "${x:yes}",
        "h": "${x: 5 }",
        "i": "${x:{a: 1, a: 2}}",
        "j": "${x:}",
        "k": "${x:1e999}",
    }
    found = yml(said)
    assert {key: found[key] for key in "abcdefghijk"} == {
        "a": 8080,
        "b": "08540",
        "c": "0123",
        "d": True,
        "e": [1, "b"],
        "f": None,
        "g": "yes",
        "h": " 5 ",
        "i": "{a: 1, a: 2}",
        "j": None,
        "k": "1e999",
    }
    assert json.loads(rendered(told(said), "json", resolve=True))["a"] == "8080"


def test_a_name_behind_a_placeholder_is_a_text() -> None:
    said: Properties = {"port": 80, "a.${port}": 1, "b.${x:}": 2, "c.${x:null}": 3, "d.${x:yes}": 4}
    assert yml(said) == {"port": 80, "a": {"80": 1}, "b": {"": 2}, "c": {"null": 3}, "d": {"yes": 4}}


def test_a_list_at_the_top_is_one_again() -> None:
    assert yml({"document[0]": 1, "document[1].a": "b"}) == [1, {"a": "b"}]
