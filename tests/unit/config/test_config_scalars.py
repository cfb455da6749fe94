"""What YAML's plain texts mean, as SnakeYAML takes them, and how Java writes values."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.config.broken import BrokenDocumentError
from services.config.scalars import java_text
from services.config.yaml_scalars import plain_tag, scalar

TAG = "tag:yaml.org,2002:"


def value(text: str) -> object:
    return scalar(plain_tag(text), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0777", 511),
        ("08540", "08540"),
        ("0o17", "0o17"),
        ("0x1F", 31),
        ("-0b101", -5),
        ("1_000", 1000),
        ("12:30", 750),
        ("1:02:03", 3723),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1e3", 1000.0),
        ("6.02E23", 6.02e23),
        ("1:30.5", 90.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", -math.inf),
        ("1.2.3", "1.2.3"),
        ("yes", True),
        ("Off", False),
        ("y", "y"),
        ("tRUE", "tRUE"),
        ("~", None),
        ("", None),
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T12:30:45Z", "2024-02-29T12:30:45Z"),
        ("=", "="),
        ("1" * 1025, "1" * 1025),
    ],
)
def test_a_plain_text_means_what_it_means_to_spring(text: str, expected: object) -> None:
    assert (type(value(text)), value(text)) == (type(expected), expected)


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        ("int", "12", 12),
        ("str", "012", "012"),
        ("binary", " aGVs\n bG8= ", "aGVsbG8="),
        ("timestamp", "2024-02-29", "2024-02-29T00:00:00.000+00:00"),
        ("timestamp", "2024-02-29 12:30:45.25 -01:30", "2024-02-29T14:00:45.250+00:00"),
        ("null", "anything", None),
    ],
)
def test_a_tag_says_what_a_text_is(tag: str, text: str, expected: object) -> None:
    assert scalar(TAG + tag, text) == expected


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        *[("int", text) for text in ("", "soon", "0b", "0x", "1" * 1001, "0x" + "f" * 5000, "09", "1:x")],
        *[("float", text) for text in ("", ".", "e3", "1:")],
        *[("binary", text) for text in ("a", "ä", "a===")],
        *[("timestamp", text) for text in ("today", "2024-13-01", "0000-01-01", "2024-02-30T00:00:00+99:00")],
        ("str", "\ud83d"),
        ("python/object/apply:os.system", "true"),
    ],
)
def test_what_no_value_can_be_is_named(tag: str, text: str) -> None:
    with pytest.raises(BrokenDocumentError) as raised:
        scalar(TAG + tag, text)
    assert len(str(raised.value)) < 200


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30) | st.from_regex(r"[-+.0-9a-fx:_eE]*"))
def test_any_plain_text_is_a_value_or_named(text: str) -> None:
    with contextlib.suppress(BrokenDocumentError):
        value(text)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (True, "true"),
        (10**20, "1" + "0" * 20),
        (1.0, "1.0"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (9999999.5, "9999999.5"),
        (1e7, "1.0E7"),
        (-12345678.9, "-1.23456789E7"),
        (1e22, "1.0E22"),
        (-0.0, "-0.0"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
    ],
)
def test_values_are_written_as_java_writes_them(given_value: float, expected: str) -> None:
    assert java_text(given_value) == expected


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_from_javas_text(number: float) -> None:
    assert float(java_text(number)) == number
