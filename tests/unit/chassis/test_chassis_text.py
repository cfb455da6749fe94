"""The one rule for what a text field may hold."""

import unicodedata
from typing import Annotated

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from services.chassis.http.problems import InvalidFields
from services.chassis.http.requests import validate
from services.chassis.http.schemas import Body, Filled, Text
from services.chassis.texts.text import holds_control, salvaged, shows
from tests.support.names import FORBIDDEN, NAMES, UNSEEN

ANYTHING = st.text(st.characters(), max_size=60)
"""Surrogates too."""


class Form(Body):
    name: Annotated[Filled, Field(max_length=200)]
    note: Text = ""


@pytest.mark.parametrize("text", UNSEEN)
@pytest.mark.parametrize("around", ["", " ", "\u3000"])
def test_what_shows_nothing_is_refused_at_its_field(text: str, around: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        validate(Form, {"name": around + text})
    [error] = refusal.value.errors
    assert error["pointer"] == "/name"
    assert "blank" in error["detail"] or "invisible" in error["detail"]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_control_characters_and_line_ends_are_refused_in_every_text(text: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        validate(Form, {"name": text, "note": text})
    assert [error["pointer"] for error in refusal.value.errors] == ["/name", "/note"]


def test_a_text_that_may_be_empty_shows_something_or_is_empty() -> None:
    assert validate(Form, {"name": "x", "note": "\u3000 "}).note == ""
    with pytest.raises(InvalidFields):
        validate(Form, {"name": "x", "note": "\u200b"})


def test_names_of_all_scripts_are_taken_as_they_are_typed_without_the_blanks_around_them() -> None:
    assert [name for name in NAMES if validate(Form, {"name": name}).name != name] == []
    assert validate(Form, {"name": "\u3000 山田\u3000太郎\u00a0"}).name == "山田\u3000太郎"


@pytest.mark.parametrize("text", ["\ufa19", "e\u0301", "\u212b", "ﬁ"])
def test_nothing_is_normalized(text: str) -> None:
    assert validate(Form, {"name": text}).name == text


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
@example("\U00031350")  # letters of a later Unicode than this Python's
def test_a_text_is_taken_or_refused_and_never_changed_within(text: str) -> None:
    try:
        taken = validate(Form, {"name": text}).name
    except InvalidFields:
        return
    assert taken == text.strip()
    assert not holds_control(taken)
    assert any(unicodedata.category(char)[0] in "LNPSC" for char in taken)
    taken.encode()


@settings(max_examples=300, deadline=None)
@given(ANYTHING, st.integers(1, 50))
def test_what_is_salvaged_is_a_text_that_every_door_would_take_or_nothing(text: str, longest: int) -> None:
    kept = salvaged(text, longest)
    assert len(kept) <= longest
    if kept:
        assert Form(name=kept).name == kept
    try:
        good = Form(name=text).name
    except ValidationError:
        return
    if len(good) <= longest:
        assert kept == good


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_blanks_and_joiners_add_nothing_to_be_seen(text: str) -> None:
    assert shows("\u3000" + text + "\u200d\u3164") == shows(text)
