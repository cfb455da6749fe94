"""Strategies for documents that a config service may be given: YAML, `.properties`, and what is neither."""

import datetime
from typing import Any

import yaml
from hypothesis import strategies as st

_YAML_LINES = (
    *(
        "a: 1",
        "b: {c: [1, 2, {d: ~}]}",
        "hosts: []",
        "hosts: [one, two]",
        "<<: *x",
        "x: &x {k: v}",
        "y: *x",
        "z: *nobody",
    ),
    *(
        "big: 123456789012345678901234567890",
        f"bigger: {'9' * 1001}",
        f"hex: 0x{'f' * 1022}",
        f"int: !!int {'7' * 5000}",
    ),
    *("f: .inf", "g: -.inf", "h: .nan", "i: 1e999", "j: 1e3", "k: 08540", "l: 0b", "m: 12:30", "n: 1_0", "o: ._"),
    *(
        "p: !!binary aGk=",
        "p: !!binary '%'",
        "q: !!set {a, b}",
        "r: !!omap [a: 1]",
        "s: !!pairs [a: 1]",
        "t: !!float x",
    ),
    *("u: 2024-02-30", "v: !!timestamp 2024-02-30", "w: !!timestamp 2024-02-29T12:00:00+25:00", "!!null x: y", "~: 1"),
    *(
        "1: one",
        "true: t",
        "2.5: x",
        "? [a]\n: b",
        "? {a: b}\n: c",
        "'[/api/v1.0]': x",
        "'a[0]': 1",
        "a[1]: 2",
        "'': e",
    ),
    *(
        "- item",
        "text",
        "---",
        "...",
        "%YAML 1.2",
        "%TAG ! tag:x,2000:",
        "\ta: 1",
        "a: \x00",
        "a: \x85\u2028",
        "\ufeffa: 1",
    ),
    *(
        'e: "\\ud83d\\ude00"',
        'f: "\\ud83d"',
        "g: !!python/object/apply:os.system [x]",
        "h: !x y",
        "r: &r [*r]",
        "| x",
        "> y",
    ),
    *("spring.config.activate.on-profile: dev", "spring.config.activate.on-profile: '!dev'", "spring: {profiles: dev}"),
    *("spring.config.activate.on-profile: 'a & b | c'", "spring.config.activate.on-profile: [dev, '(']"),
    *(
        "spring.profiles.include: test",
        "spring.profiles.group.dev: [dev, test]",
        "spring.config.import: x",
        "spring: ~",
    ),
    *(
        "c1: ${c2}",
        "c2: ${c1}",
        "d: ${a:${b.c[0]:x}}",
        "e: ${",
        "m: {'${a}': 1}",
        "n: ${a}${a}",
        "o: ${zz:[1, {a: b}]}",
    ),
    *(f"a{'.b' * 300}: 1", "a" * 50_001 + ": 1", "[" * 60 + "]" * 60, "- " * 300, "l9999999: x", "'l[9999999]': x"),
)
_PROPERTIES_LINES = (
    *(
        "a=1",
        "a : 2",
        "a 3",
        "=x",
        ":",
        "a\\=b=c",
        "a\\",
        "a=b\\\n  c",
        "# c",
        "! c",
        "#---",
        "!---",
        "#---\n# x",
        "a=\\u12",
    ),
    *(
        "e=\\ud83d\\ude00",
        "e=\\ud83d",
        "e\\udc00=1",
        "n=\\u0000",
        "hosts[]=a,b\\,c,",
        "hosts[0]=a",
        "hosts=",
        "hosts[9999999]=x",
    ),
    *("spring.config.activate.on-profile=dev", "spring.config.activate.on-profile=((", "spring.profiles=dev", "a..b=1"),
    *(
        "spring.profiles.include=test",
        "spring.config.import=x",
        "[x=1",
        "x]=1",
        "[1]=2",
        "a.b=1",
        "a[0].b=2",
        "a[0][x]=3",
    ),
    *(
        "c1=${c2}",
        "c2=${c1}",
        "d=${a:${zz:}}",
        "e=${",
        "\x85=\u2028",
        "\ufeffz=1",
        "k" * 50_001 + "=1",
        "a." * 400 + "=1",
    ),
)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
_HOSTILE = st.text(st.sampled_from("a1 :-?[]{},&*!|>'\"%@`#\n\t\r\\${}~<=.\x85\u2028é🛒"), max_size=60)


def _dumped(value: Any) -> str:
    text: str = yaml.safe_dump(value, allow_unicode=True)
    return text


_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**30, 10**60)
    | st.floats()
    | _TEXT
    | st.binary(max_size=8)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(datetime.UTC))
)
_keys = st.text("ab.[]/0", max_size=5) | st.integers(0, 9) | st.booleans() | st.none() | st.floats() | st.dates()
_trees = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_keys, inner, max_size=3)
        | st.sets(st.text("ab", max_size=2), max_size=2)
    ),
    max_leaves=10,
)

yaml_texts = st.lists(st.sampled_from(_YAML_LINES), max_size=6).map("\n".join) | _trees.map(_dumped) | _HOSTILE | _TEXT
properties_texts = st.lists(st.sampled_from(_PROPERTIES_LINES), max_size=6).map("\n".join) | _HOSTILE | _TEXT
documents = st.one_of(
    st.tuples(st.sampled_from(["application.yaml", "order.yml", "application-dev.yaml"]), yaml_texts),
    st.tuples(st.sampled_from(["application.properties", "order-dev.properties"]), properties_texts),
    st.tuples(st.just("flat.key"), _TEXT),
)
