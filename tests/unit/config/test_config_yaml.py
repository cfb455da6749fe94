"""YAML documents as flat properties: Spring's names, and nothing that runs, recurses or grows without bound."""

import time
from typing import Any

import pytest

from services.config.broken import BrokenDocumentError
from services.config.yaml_maps import MAX_NAME, flat, plain
from services.config.yaml_nodes import documents


def read(text: str) -> dict[str, Any]:
    (root,) = documents(text)
    return flat(root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: [1, {c: true}]}\nd: ~", {"a.b[0]": 1, "a.b[1].c": True, "d": ""}),
        ("hosts: []\nmap: {}\nl: [[], {}]", {"hosts": "", "l[0]": ""}),
        ("'[/api/v1.0]': a\nr: {'[/x.y]': {s: 1}}", {"[/api/v1.0]": "a", "r[/x.y].s": 1}),
        ("1: one\nn: {0x10: x, true: y, 1e3: z}", {"[1]": "one", "n[16]": "x", "n[true]": "y", "n[1000.0]": "z"}),
        ("l: [{8080: a}]", {"l[0][8080]": "a"}),
        ("'': {a: 1}", {"a": 1}),
        ("- 1\n- {a: b}", {"document[0]": 1, "document[1].a": "b"}),
        ("only text", {"document": "only text"}),
        (
            "s: !!set {a, b}\no: !!omap [a: 1, b: 2]\ne: !!set {}",
            {"s[0]": "a", "s[1]": "b", "o.a": 1, "o.b": 2, "e": ""},
        ),
        ("\ufeffa: 1", {"a": 1}),
        ('a: "\\ud83d\\uded2 \\U0001F6D2"', {"a": "🛒 🛒"}),
        ("a: &x {b: 1}\nc: *x", {"a.b": 1, "c.b": 1}),
        ("a.b: 1\na: {b: 2}", {"a.b": 2}),
        ("'<<': 1\nb: '='", {"<<": 1, "b": "="}),
    ],
)
def test_properties_have_springs_names(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b: &b {s: 1, n: x}\no: {<<: *b, n: y}", {"b.s": 1, "b.n": "x", "o.s": 1, "o.n": "y"}),
        ("b: &b {s: 1}\no: {n: y, <<: *b, s: 2}", {"b.s": 1, "o.n": "y", "o.s": 2}),
        ("b: &b {s: 1}\no: {<<: [*b, {s: 2, m: 3}]}", {"b.s": 1, "o.s": 2, "o.m": 3}),
        ("b: &b {s: 1}\nc: &c {s: 2}\no: {<<: [*b, *c]}", {"b.s": 1, "c.s": 2, "o.s": 1}),
    ],
)
def test_maps_are_merged_as_spring_merges_them(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\na: 2", "'a' is there twice"),
        ("yes: 1\ntrue: 2", "there twice"),
        ("a: &a [*a]", "nested without end"),
        ("a: &a {b: {<<: *a}}", "nested without end"),
        ("a: &a {<<: *a}", "nested without end"),
        ("a: {<<: 1}", "merges maps"),
        ("~: 1", "a key is null"),
        ("? {a: b}\n: c", "a list or a map"),
        ("a: *b", "anchor|alias"),
        ("a: [1", r"line 2"),
        ("a:\n\t- b", "line 2"),
        ("a: \x00", "special characters|control characters"),
        ('a: "\\ud83d"', "surrogate"),
        ("a: \ud83d", "surrogate|special characters"),
        ("a: !!python/object/apply:os.system [true]", "not known"),
        ("a: !mine {b: 1}", "!mine is not known"),
        ("a: !!pairs [b: 1]", "!!pairs is not known"),
        ("a: !!omap [1]", "!!omap"),
        ("a: !!int soon", "'soon' is no int"),
        ("a: 0x" + "f" * 900, "more than 1000 digits"),
        ("[" * 51 + "]" * 51, "nested more than 50 deep"),
        ("- " * 100_000, "nested more than 50 deep"),
        ("{a: " * 100_000, "nested more than 50 deep"),
        (f"{'a' * (MAX_NAME + 1)}:\n  b: 1", "more than 50000|simple key|line 1"),
        (f"? {'a' * (MAX_NAME + 1)}\n: 1", "more than 50000"),
        ("%YAML 3.0\n---\na: 1", "line 1"),
    ],
)
def test_what_cannot_be_read_is_named_on_one_line(text: str, reason: str) -> None:
    with pytest.raises(BrokenDocumentError, match=reason) as raised:
        read(text)
    assert "\n" not in str(raised.value)


def bomb(level: str, levels: int = 30) -> str:
    return "a0: &a0 {k: v}\n" + "".join(level.format(n=n, m=n - 1) for n in range(1, levels))


@pytest.mark.parametrize(
    "text",
    [
        bomb("a{n}: &a{n} [" + ", ".join(["*a{m}"] * 9) + "]\n"),
        bomb("a{n}: &a{n} {{" + ", ".join(f"k{i}: *a{{m}}" for i in range(9)) + "}}\n"),
        bomb("a{n}: &a{n} [" + ", ".join(["*a{m}"] * 9) + "]\n").replace("{k: v}", "{}"),
        "a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 1000 + "]",
    ],
)
def test_aliases_cannot_make_a_document_without_bound(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(BrokenDocumentError, match="expands to more than 8 MiB"):
        read(text)
    assert time.monotonic() - started < 20


def test_merges_of_merges_cost_what_they_give() -> None:
    text = bomb("a{n}: &a{n} {{<<: [" + ", ".join(["*a{m}"] * 9) + "]}}\n", 40)
    inline = "a: {<<: [&b0 {k: v}, " + ", ".join(
        f"&b{n} {{<<: [{', '.join([f'*b{n - 1}'] * 9)}]}}" for n in range(1, 40)
    )
    assert read(text)["a39.k"] == "v"
    assert read(inline + "]}") == {"a.k": "v"}


def test_a_document_of_a_mebibyte_is_read() -> None:
    assert len(read("".join(f"key-{number}: {number}\n" for number in range(60_000)))) == 60_000


def test_plain_values_are_shared_and_need_no_end() -> None:
    (root,) = documents("a: &a [1, *a]\nb: *a")
    found = plain(root)
    assert found["a"] is found["b"]
    assert found["a"][0] == 1
