"""Java's `.properties`."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.config.broken import BrokenDocumentError
from services.config.java_properties import parts, written

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
KEYS = TEXT.map(str.strip).filter(lambda key: key.strip("".join(map(chr, range(33)))) == key != "" and key[-2:] != "[]")


def read(text: str) -> dict[str, str]:
    (found,) = parts(text)
    return found


def test_separators_comments_continuations_and_escapes_are_javas() -> None:
    text = (
        "# a comment\n! another\na=1\nb : two words\nc three\nlong = x \\\n   y\nuni=\\u00e9\\tz\nempty\nk\\:ey=v\n"
        "d= = x\n\te\t5\nf\\ g=h\nback=c:\\\\d\\\\\nunknown=\\q\nlast=x\\"
    )
    assert read(text) == {
        "a": "1",
        "b": "two words",
        "c": "three",
        "long": "x y",
        "uni": "é\tz",
        "empty": "",
        "k:ey": "v",
        "d": "= x",
        "e": "5",
        "f g": "h",
        "back": "c:\\d\\",
        "unknown": "q",
        "last": "x",
    }


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\xa0", "\u3000"])
def test_only_javas_line_ends_end_a_line(end: str) -> None:
    assert read(f"a=one{end}b=two") == {"a": f"one{end}b=two"}


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_end_as_on_any_system(end: str) -> None:
    assert read(f"a=1{end}b=2\\{end}  3{end}{end}c=4") == {"a": "1", "b": "23", "c": "4"}


def test_pairs_of_surrogates_are_one_character_and_half_of_one_is_named() -> None:
    assert read("a=\\uD83D\\uDED2") == {"a": "🛒"}
    for text in ("a=\\uD83D", "a=\\uDED2\\uD83D", "\\uD83D=1"):
        with pytest.raises(BrokenDocumentError, match="surrogate"):
            parts(text)


@pytest.mark.parametrize("text", ["a=\\u12", "a=\\uxyzt", "\\u=1"])
def test_a_malformed_escape_is_named(text: str) -> None:
    with pytest.raises(BrokenDocumentError, match="malformed"):
        parts(text)


@pytest.mark.parametrize("end", ["#---", "!---", "#---  ", "#---\t"])
def test_parts_are_told_apart(end: str) -> None:
    assert parts(f"a=1\n{end}\na=2\n") == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize("line", ["# ---", " #---", "#----", "#--- x", "#--", "# a\n#---", "#---\n# a"])
def test_what_only_looks_like_the_end_of_a_part_is_a_comment(line: str) -> None:
    assert parts(f"a=1\n{line}\nb=2\n") == [{"a": "1", "b": "2"}]


def test_empty_parts_are_left_out() -> None:
    assert parts("#---\n#---\na=1\n#---\n\n") == [{"a": "1"}]
    assert parts("") == parts("# nothing\n") == []


def test_a_list_can_be_written_in_one_line() -> None:
    assert read("hosts[]=a, b\\,c,d\n") == {"hosts[0]": "a", "hosts[1]": "b,c", "hosts[2]": "d"}
    assert read("hosts[]=\n") == {"hosts[0]": ""}


def test_a_mark_of_byte_order_is_no_part_of_a_name() -> None:
    assert read("\ufeffa=1") == {"a": "1"}


@settings(deadline=None)
@given(st.dictionaries(KEYS, TEXT, min_size=1, max_size=5))
def test_written_properties_are_read_back_unchanged(properties: dict[str, str]) -> None:
    assert parts(written(properties)) == [properties]


@settings(deadline=None)
@given(st.text(st.sampled_from("ab=:#!\\ \t\f\r\nu0-[],\ud83d\u2028é"), max_size=60))
def test_any_text_is_read_or_named(text: str) -> None:
    with contextlib.suppress(BrokenDocumentError):
        parts(text)


def test_booleans_and_floats_are_written_as_java_writes_them() -> None:
    assert written({"a": True, "b": 1e10}) == "a: true\nb: 1.0E10\n"


def test_what_is_long_is_read_in_time() -> None:
    started = time.monotonic()
    for text in ("\\\n" * 300_000, "a=" + "\\" * 500_000, "=" * 500_000, "a=x\n" * 100_000, "#---\na=1\n" * 50_000):
        parts(text)
    parts("k[]=" + "," * 200_000)
    assert time.monotonic() - started < 20
