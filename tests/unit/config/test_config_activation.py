"""When a part is told: profile expressions, platforms, and profiles that bring others."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.config.activation import ALWAYS, activation
from services.config.active_profiles import effective
from services.config.broken import BrokenDocumentError
from services.config.profiles import parse

ON_PROFILE = "spring.config.activate.on-profile"


@pytest.mark.parametrize(
    ("expression", "active", "inactive"),
    [
        ("dev", ["dev", "dev eu"], ["", "test", "DEV"]),
        ("!dev", ["", "test"], ["dev", "dev eu"]),
        ("! dev", [""], ["dev"]),
        ("!!dev", ["dev"], [""]),
        ("dev & eu", ["dev eu"], ["dev", "eu"]),
        ("dev|eu", ["dev", "eu"], ["", "us"]),
        ("(dev | test) & !us", ["dev", "test eu"], ["us dev", "us", ""]),
        ("!(dev | test)", ["", "eu"], ["dev", "test"]),
        ("dev&eu&!us", ["dev eu"], ["dev eu us"]),
        ("((dev))", ["dev"], [""]),
        ("(dev & eu", ["dev eu"], ["dev"]),
        ("a)", ["a"], [""]),
        ("eu-west_1.x", ["eu-west_1.x"], ["eu"]),
    ],
)
def test_an_expression_is_springs(expression: str, active: list[str], inactive: list[str]) -> None:
    assert [parse(expression).met(names.split()) for names in active] == [True] * len(active)
    assert [parse(expression).met(names.split()) for names in inactive] == [False] * len(inactive)


@pytest.mark.parametrize("expression", ["", " ", "&", "a & b | c", "()", "!", "a | & ", "!" * 1000 + "a", "(" * 1000])
def test_a_malformed_expression_is_named(expression: str) -> None:
    with pytest.raises(BrokenDocumentError) as raised:
        parse(expression)
    assert len(str(raised.value)) < 200


@settings(deadline=None)
@given(st.text(st.sampled_from("ab()&|! "), max_size=30), st.sets(st.sampled_from("ab")))
def test_any_text_is_an_expression_or_named(text: str, active: set[str]) -> None:
    with contextlib.suppress(BrokenDocumentError):
        parse(text).met(active)


@pytest.mark.parametrize(
    "said",
    [
        {ON_PROFILE: "dev, test"},
        {f"{ON_PROFILE}[0]": "dev", f"{ON_PROFILE}[1]": "test"},
        {"spring.config.activate.onProfile": "dev | test"},
        {"spring.config.activate.on_profile": "test,dev"},
        {"SPRING.CONFIG.ACTIVATE.ON-PROFILE": "dev,test"},
    ],
)
def test_one_of_the_profiles_is_enough(said: dict[str, Any]) -> None:
    found = activation({**said, "a": 1})
    assert [found.met(names) for names in (["dev"], ["test", "eu"], ["eu"], [])] == [True, True, False, False]


@pytest.mark.parametrize("nothing", [{}, {"a": 1}, {ON_PROFILE: ""}, {"spring.application.name": "x"}, {"spring": 1}])
def test_what_says_nothing_is_told_always(nothing: dict[str, Any]) -> None:
    assert activation(nothing).met([])
    assert not ALWAYS.conditional


def test_a_platform_is_the_services_own(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"spring.config.activate.on-cloud-platform": "Kubernetes"}
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert not activation(said).met(["dev"])
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert activation(said).met(["dev"])
    assert not activation({"spring.config.activate.on-cloud-platform": "cloud-foundry"}).met(["dev"])


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"spring.profiles": "dev"}, "write spring.config.activate.on-profile"),
        ({"spring.profiles[0]": "dev"}, "write spring.config.activate.on-profile"),
        ({"spring.config.import": "optional:file:x.yml"}, "not followed"),
        ({"spring.config.import[0]": "x.yml"}, "not followed"),
        ({ON_PROFILE: "a & b | c"}, "malformed"),
        ({ON_PROFILE: "a,,b"}, "malformed"),
        ({ON_PROFILE: "${which}"}, "placeholders"),
        ({f"{ON_PROFILE}.x": "a"}, "a map where names"),
        ({"spring.config.activate.on-cloud-platform": "moon"}, "no platform"),
        ({"spring.profiles.include": "a b"}, "cannot be the name"),
        ({"spring.profiles.group.dev": "-"}, "cannot be the name"),
        ({ON_PROFILE: "dev", "spring.profiles.include": "x"}, "some profiles only"),
        ({"spring.profiles": ""}, "write spring.config.activate.on-profile"),
        ({"spring.config.activate": "dev"}, "a map is expected"),
        ({"spring.config": "x"}, "a map is expected"),
    ],
)
def test_what_cannot_be_honoured_is_named(said: dict[str, Any], reason: str) -> None:
    with pytest.raises(BrokenDocumentError, match=reason):
        activation(said)


def test_a_document_for_a_profile_includes_no_others() -> None:
    with pytest.raises(BrokenDocumentError, match="some profiles only"):
        activation({"spring.profiles.include": "x"}, for_profile=True)


def test_profiles_bring_those_they_include_and_those_of_their_groups() -> None:
    order = activation({"spring.profiles.include[0]": "audit", "spring.profiles.group.prod": "db, mq"})
    shared = activation({"spring.profiles.group.prod[0]": "other", "spring.profiles.group.db[0]": "replica"})
    assert effective(["prod"], [order, shared]) == ("prod", "db", "replica", "mq", "audit")
    assert effective(["dev"], [order, shared]) == ("dev", "audit")


def test_a_group_counts_in_whatever_part_it_is_said() -> None:
    part = activation({ON_PROFILE: "other", "spring.profiles.group.prod": "db"})
    assert effective(["prod"], [part]) == ("prod", "db")


def test_groups_that_hold_each_other_come_to_an_end() -> None:
    found = activation({"spring.profiles.group.a": "b", "spring.profiles.group.b": "a"})
    assert effective(["a", "a"], [found]) == ("a", "b")
