"""For documents made up by a search, an unmodified Spring client resolves the same from both servers."""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.spring.answers import Answers, differences
from tests.support.spring.comparing import Spring, our_answers
from tests.support.spring.shop import ConfigQuery

YAML_VALUES = (
    *("1", "08540", "0.5", "-3", "0x1F", "1e3", "1_000", "12:30", "123456789012345678901234567890", ".5"),
    *("true", "yes", "off", "y", "null", "~", "''", "'null'", "'08540'", "2024-01-31", "x", "'a: b'", "'- x'"),
    *("[]", "{}", "[a, b]", "[1, [2, 3], {k: v}]", "[null, '']", "{k: v, l: [w]}", "{k: {}}", "{'[x.y]': z}", "{1: i}"),
    *("${p}", "${q.r}", "'${p}-${q.r}'", "${zz:5}", "${zz:${p}}", '["${p}", 2]', "${zz}", "'$p'"),
    *('"one\\ntwo"', '"\\u00e9\\U0001F6D2"', "'#x'", "'  x '", "'it''s'", "山田　太郎"),
)
PROPERTIES_VALUES = (
    *("1", "08540", "true", "", "x y ", "a,b", "one \\\n   two", "\\u00e9\\uD83D\\uDED2", "a\\tb\\\\c", "= x", "# x"),
    *("${p}", "${zz:5}", "${zz:${q.r}}", "山田　太郎", "a\u2028b", "a\u0085b"),
)
YAML_KEYS = ("a", "b", "hosts", "pool.size", "pool.names", "max-items", "maxItems", "'[x/y]'", "a key", "7")
PROPERTIES_KEYS = (
    "a",
    "b",
    "hosts",
    "hosts[0]",
    "hosts[1]",
    "pool.size",
    "pool.names[0]",
    "max_items",
    "c\\=d",
    "ключ",
)
PROFILES = ("dev", "test", "eu")
CONDITIONS = ("dev", "test, eu", "!dev", "dev & test", "dev | eu", "(dev | test) & !eu", "!(dev & test)")
STEMS = ("application", "application-dev", "order", "order-dev", "order-test", "mail", "mail-eu")

_conditions = st.none() | st.sampled_from(CONDITIONS)
_stems = st.lists(st.sampled_from(STEMS), min_size=1, max_size=4, unique=True)


@st.composite
def _yaml(draw: st.DrawFn) -> str:
    parts = []
    for condition in draw(st.lists(_conditions, min_size=1, max_size=3)):
        told = draw(st.dictionaries(st.sampled_from(YAML_KEYS), st.sampled_from(YAML_VALUES), max_size=4))
        head = [] if condition is None else [f"spring.config.activate.on-profile: '{condition}'"]
        parts.append("\n".join([*head, *(f"{key}: {value}" for key, value in told.items()), ""]))
    return "---\n".join(parts)


@st.composite
def _properties(draw: st.DrawFn) -> str:
    parts = []
    for condition in draw(st.lists(_conditions, min_size=1, max_size=3)):
        told = draw(st.dictionaries(st.sampled_from(PROPERTIES_KEYS), st.sampled_from(PROPERTIES_VALUES), max_size=4))
        head = [] if condition is None else [f"spring.config.activate.on-profile={condition}"]
        parts.append("\n".join([*head, *(f"{key}={value}" for key, value in told.items()), ""]))
    return "#---\n".join(parts)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, str]:
    """Documents that Spring can serve, and what their placeholders name."""
    found = {"application.properties": "p=8080\nq.r=x\n"}
    for stem in draw(_stems):
        suffix = draw(st.sampled_from(("yml", "yaml", "properties")))
        found[f"{stem}.{suffix}"] = draw(_properties() if suffix == "properties" else _yaml())
    return found


queries = st.builds(
    ConfigQuery,
    st.sampled_from(("order", "mail", "order,mail")),
    st.lists(st.sampled_from(PROFILES), max_size=3, unique=True).map(",".join),
)


def _mangled(answers: Answers) -> bool:
    """Whether Spring's own files say something else than its sources.

    So they do of keys in brackets, of Unicode's line ends, and of a name that has a value and names below it.
    """
    told = [(key, str(value)) for source in answers["environment"]["sources"] for key, value in source.items()]
    names = {key for key, _ in told}
    return (
        any(re.search(r"\[(?!\d+\])", name) for name in names)
        or any(longer.startswith((f"{name}.", f"{name}[")) for name in names for longer in names)
        or any(re.search("[\x85\u2028]", value) for _, value in told)
    )


@pytest.mark.long
@settings(
    max_examples=200,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes a second: too long for shrinking
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(told=documents(), query=queries)
def test_whatever_the_documents_are_the_client_and_every_path_are_told_the_same(
    theirs: Spring, told: dict[str, str], query: ConfigQuery
) -> None:
    expected = asyncio.run(theirs.answers(told, query))
    assert not isinstance(expected["environment"], str), "Spring does not serve this"
    unlike = differences(expected, asyncio.run(our_answers(told, query, theirs.client)))
    compared = ("client", "environment") if _mangled(expected) else tuple(expected)
    assert {aspect: unlike[aspect] for aspect in compared if aspect in unlike} == {}
