"""Passwords: made once, kept, and made anew when that is asked for."""

from base64 import b64encode
from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mercato_operator.services.parts.secrets import generation, password, wanted

from tests.unit.operator_services.commerce_objects import service

SERVICE = service()


def stored(content: dict[str, Any], uid: str = "one") -> dict[str, Any]:
    return {**content, "metadata": {**content["metadata"], "uid": uid, "resourceVersion": "1"}}


def test_a_password_is_made_once() -> None:
    first = wanted(SERVICE, "loyalty-database", "loyalty", None)
    again = wanted(SERVICE, "loyalty-database", "loyalty", stored(first.content))
    assert first.made
    assert not again.made
    assert again.content == first.content
    assert len(password(first.content) or "") == 48


def test_it_is_made_anew_when_the_annotation_says_something_else() -> None:
    first = stored(wanted(SERVICE, "loyalty-database", "loyalty", None).content)
    rotated = wanted(replace(SERVICE, rotate="now"), "loyalty-database", "loyalty", first)
    assert rotated.made
    assert password(rotated.content) != password(first)
    assert generation(stored(rotated.content)) != generation(first)


@given(st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=8))
def test_however_often_it_is_looked_at_each_new_word_makes_one_password(words: list[str]) -> None:
    numbers = count()
    live: dict[str, Any] | None = None
    changes, before = 0, None
    for word in words:
        for _ in range(2):
            live = stored(wanted(replace(SERVICE, rotate=word), "s", "u", live, lambda: f"{next(numbers)}").content)
        changes += word != before
        before = word
    assert next(numbers) == changes


def test_a_secret_without_a_readable_password_gets_one() -> None:
    for data in ({}, {"password": "%"}, {"password": b64encode(b"\xff").decode()}, {"password": ""}):
        broken = stored({**wanted(SERVICE, "s", "u", None).content, "data": data})
        assert wanted(SERVICE, "s", "u", broken).made


def test_each_password_is_another_generation_whoever_put_it_there() -> None:
    content = wanted(SERVICE, "s", "u", None).content
    changed = {**content, "data": {**content["data"], "password": b64encode(b"mine").decode()}}
    assert generation(stored(changed)) != generation(stored(content))
    taken_over = wanted(SERVICE, "s", "u", stored(changed))
    assert not taken_over.made
    assert generation(stored(taken_over.content)) == generation(stored(changed))


def test_the_same_password_in_two_secrets_is_two_generations() -> None:
    one, other = (wanted(SERVICE, "s", "u", None, lambda: "same").content for _ in range(2))
    assert generation(stored(one)) != generation(stored(other))


def test_nothing_that_is_printed_holds_the_password() -> None:
    made = wanted(SERVICE, "s", "u", None)
    assert made.content["data"]["password"] not in repr(made)
