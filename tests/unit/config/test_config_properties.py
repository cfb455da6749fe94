"""Flat properties to and from YAML, JSON and `.properties`."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.config.properties import (
    dump_properties,
    flatten,
    load_properties,
    load_yaml,
    merged,
    nested,
)

PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)


def test_maps_and_lists_are_flattened_as_spring_does() -> None:
    assert flatten({"a": {"b": [1, {"c": True}]}, "d": None}) == {"a.b[0]": 1, "a.b[1].c": True, "d": ""}


def test_flat_properties_become_nested_again() -> None:
    assert nested({"a.b[0]": 1, "a.b[1].c": True, "d": "x"}) == {"a": {"b": [1, {"c": True}]}, "d": "x"}


def test_a_name_that_is_a_value_and_a_map_loses_neither() -> None:
    assert nested({"a": 1, "a.b": 2}) == {"a": 1, "a.b": 2}
    assert nested({"a.b": 2, "a": 1}) == {"a": 1, "a.b": 2}


def test_the_first_source_wins() -> None:
    assert merged([{"a": 1}, {"a": 2, "b": 3}]) == {"a": 1, "b": 3}


def test_a_list_is_taken_whole_from_one_source() -> None:
    assert merged([{"hosts[0]": "x"}, {"hosts[0]": "y", "hosts[1]": "z", "b": 1}]) == {"hosts[0]": "x", "b": 1}


def test_java_properties_are_read() -> None:
    text = "# a comment\n! another\na=1\nb : two words\nc three\nlong = x \\\n   y\nuni=\\u00e9\\tz\nempty\nk\\:ey=v\n"
    assert load_properties(text) == {
        "a": "1",
        "b": "two words",
        "c": "three",
        "long": "x y",
        "uni": "é\tz",
        "empty": "",
        "k:ey": "v",
    }


@given(st.dictionaries(PLAIN.filter(bool), PLAIN, max_size=5))
def test_written_properties_are_read_back_unchanged(properties: dict[str, str]) -> None:
    assert load_properties(dump_properties(properties)) == properties


def test_booleans_are_written_as_java_writes_them() -> None:
    assert dump_properties({"a": True}) == "a: true\n"


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(yaml.YAMLError, match="twice"):
        load_yaml("a: 1\na: 2\n")


def test_a_date_stays_text() -> None:
    assert load_yaml("day: 2024-05-01") == [{"day": "2024-05-01"}]
