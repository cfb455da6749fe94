"""The corpus of names is as wide as the tests that go through it claim."""

import unicodedata

from services.chassis.texts.text import holds_control, shows
from tests.support.names import BY_SCRIPT, FORBIDDEN, NAMES, ODD, UNSEEN


def test_there_are_two_hundred_names_of_people_and_none_twice() -> None:
    people = len(NAMES) - len(ODD)
    assert people >= 200, people
    assert len(set(NAMES)) == len(NAMES)


def test_they_are_written_in_forty_scripts_by_their_letters_own_names() -> None:
    scripts = {
        unicodedata.name(char).partition(" ")[0]
        for names in BY_SCRIPT.values()
        for name in names
        for char in name
        if unicodedata.category(char) in {"Lo", "Lu", "Ll"}
    }
    assert len(scripts) >= 40, sorted(scripts)
    assert all(names for names in BY_SCRIPT.values())


def test_they_hold_blanks_joiners_marks_and_directions_and_have_every_width() -> None:
    text = "".join(NAMES)
    assert {unicodedata.category(char) for char in text} >= {"Zs", "Cf", "Mn", "Mc", "Me", "So", "Co", "Cn"}
    assert {len(char.encode()) for char in text} == {1, 2, 3, 4}
    assert {"\u3000", "\u00a0", "\u2009", "\u202f", "\u200c", "\u200d", "\u00ad", "\u202e", "\u2067"} <= set(text)
    assert max(map(len, NAMES)) == 200


def test_what_is_no_name_is_kept_apart() -> None:
    assert [name for name in NAMES if holds_control(name) or not shows(name)] == []
    assert [name for name in UNSEEN if shows(name) or holds_control(name)] == []
    assert [name for name in FORBIDDEN if not holds_control(name)] == []
