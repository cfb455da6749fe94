"""Many sources as one document, flat and nested."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.config.merging import joined, merged, nested, path
from services.config.yaml_maps import flat
from services.config.yaml_nodes import Mapping, Node, Scalar, Sequence, documents

PARTS = st.text("ab[]. 0", max_size=4) | st.sampled_from(["a", "b", "[x.y]", "[0]", "[7]"])


def test_the_first_source_wins() -> None:
    assert merged([{"a": 1}, {"a": 2, "b": 3}]) == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([{"hosts[0]": "x"}, {"hosts[0]": "y", "hosts[1]": "z", "b": 1}], {"hosts[0]": "x", "b": 1}),
        ([{"hosts": ""}, {"hosts[0]": "y", "hosts[1]": "z"}], {"hosts": ""}),
        ([{"hosts[0]": "x"}, {"hosts": ""}, {"hosts[0]": "y"}], {"hosts[0]": "x"}),
        ([{"p.names": ""}, {"p.names[0].x": 1, "p.size": 2}], {"p.names": "", "p.size": 2}),
        ([{"hosts": "a,b"}, {"hosts[0]": "y"}], {"hosts": "a,b"}),
        ([{"m[x]": 1}, {"m[y]": 2}], {"m[x]": 1, "m[y]": 2}),
        ([{"d": 1, "d[0]": 2}], {"d": 1, "d[0]": 2}),
    ],
)
def test_a_list_is_taken_whole_and_an_empty_one_overrules(
    sources: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    assert merged(sources) == expected


@pytest.mark.parametrize(
    ("flat_form", "expected"),
    [
        ({"a.b[0]": 1, "a.b[1].c": True, "d": "x"}, {"a": {"b": [1, {"c": True}]}, "d": "x"}),
        ({"a": 1, "a.b": 2}, {"a": 1, "a.b": 2}),
        ({"a.b": 2, "a": 1}, {"a": 1, "a.b": 2}),
        ({"x.a": 1, "x.a.b": 2, "x.a.c[0]": 3}, {"x": {"a": 1, "a.b": 2, "a.c[0]": 3}}),
        ({"d": 5, "d[0]": 4}, {"d": 5, "d[0]": 4}),
        ({"l[0]": 1, "l[0].b": 2}, {"l": [1], "l[0].b": 2}),
        ({"e.f[0]": 6, "e.f.g": 7}, {"e": {"f": {"g": 7}, "f[0]": 6}}),
        ({"[/api/v1.0]": 1, "r[/x.y].s": 2}, {"[/api/v1.0]": 1, "r[/x.y]": {"s": 2}}),
        ({"n[false]": 1}, {"n[false]": 1}),
        ({"gap[0]": "a", "gap[2]": "c"}, {"gap": ["a", None, "c"]}),
        ({"ports[8080]": "a"}, {"ports": {"[8080]": "a"}}),
        ({"m[1][0]": 3, "m[0][0]": 1}, {"m": [[1], [3]]}),
        ({"": 1, ".c": 3, "d.": 4, "[1]": 5, "[x": 6}, {"": 1, ".c": 3, "d.": 4, "[1]": 5, "[x": 6}),
        ({"a..b": 2}, {"a": {"": {"b": 2}}}),
        ({".".join("a" * 500): 1}, {".".join("a" * 500): 1}),
    ],
)
def test_flat_properties_become_nested(flat_form: dict[str, Any], expected: dict[str, Any]) -> None:
    assert nested(flat_form) == expected


@settings(deadline=None)
@given(st.lists(PARTS, max_size=5).map(".".join))
def test_the_parts_of_a_name_make_the_name(name: str) -> None:
    assert joined(path(name)) == name


def node(value: Any) -> Node:
    tag = "tag:yaml.org,2002:"
    if isinstance(value, dict):
        return Mapping(None, [(Scalar(f"{tag}str", key), node(inner)) for key, inner in value.items()])
    if isinstance(value, list):
        return Sequence(None, [node(item) for item in value])
    return Scalar(f"{tag}null" if value is None else f"{tag}str", value or "")


TREES = st.recursive(
    st.text("xy", max_size=3),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "a.b", "[x.y]", "c[d]", "8080"]), TREES, max_size=4))
def test_what_is_nested_again_says_what_it_said(tree: dict[str, Any]) -> None:
    told = flat(node(tree))
    assert flat(node(nested(told))) == told


def test_a_whole_document_survives() -> None:
    (root,) = documents("a: {b: [1, {c: [2, 3]}], d.e: {f: x}}\n'[/x.y]': {z: 1}\n")
    assert nested(flat(root)) == {"a": {"b": [1, {"c": [2, 3]}], "d": {"e": {"f": "x"}}}, "[/x.y]": {"z": 1}}
