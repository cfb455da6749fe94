"""ConfigMaps as Spring Cloud Kubernetes reads them."""

from typing import Any

import pytest

from services.config.manifests import BrokenDocumentError, is_config, sources_of


def config_map(name: str, **data: Any) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"mercato.dev/config": "true"}}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {key.replace("__", "."): value for key, value in data.items()},
    }


def read(manifest: dict[str, Any]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    return {key: [(s.name, dict(s.properties)) for s in found] for key, found in sources_of(manifest).items()}


def test_flat_pairs_are_one_source() -> None:
    assert read(config_map("order", deadline="20")) == {"order": [("configmap:order", {"deadline": "20"})]}


def test_a_document_is_a_source_of_its_own() -> None:
    found = read(config_map("order", application__yaml="a:\n  b: 1\n"))
    assert found == {"order": [("configmap:order/application.yaml", {"a.b": 1})]}


@pytest.mark.parametrize("key", ["application-dev__yaml", "order-dev__yml"])
def test_a_document_with_a_profile_speaks_to_that_profile(key: str) -> None:
    assert list(read(config_map("order", **{key: "a: 1"}))) == ["order-dev"]


def test_the_document_named_like_the_application_is_its_own() -> None:
    assert list(read(config_map("order", order__properties="a=1"))) == ["order"]


def test_a_part_of_a_document_can_be_for_some_profiles_only() -> None:
    text = "a: 1\n---\nspring.config.activate.on-profile: dev, test\na: 2\n"
    found = read(config_map("order", application__yaml=text))
    assert {key: [properties for _, properties in sources] for key, sources in found.items()} == {
        "order": [{"a": 1}],
        "order-dev": [{"a": 2}],
        "order-test": [{"a": 2}],
    }


def test_later_parts_of_one_document_overrule_earlier_ones() -> None:
    found = read(config_map("order", application__yaml="a: 1\n---\na: 2\n"))
    assert [properties for _, properties in found["order"]] == [{"a": 2}, {"a": 1}]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"application__yaml": "a: [1"}, r"data\.application\.yaml: .*line"),
        ({"application__yaml": "- a"}, "a map of settings"),
        ({"application__yaml": "a: &a [*a]"}, "nested without end"),
        ({"application__yaml": "spring.config.activate.on-profile: '!dev'"}, "names of profiles"),
        ({"deadline": 20}, "deadline is not a string: put it in quotes"),
        ({"a b": "1"}, "only letters"),
    ],
)
def test_a_broken_document_is_named_in_one_line(data: dict[str, Any], reason: str) -> None:
    with pytest.raises(BrokenDocumentError, match=reason) as raised:
        sources_of(config_map("order", **data))
    assert "\n" not in str(raised.value)


def test_only_labelled_config_maps_are_configuration() -> None:
    labelled = config_map("order")
    assert is_config(labelled)
    assert not is_config(labelled | {"kind": "Secret"})
    assert not is_config(labelled | {"metadata": {"name": "order"}})
    assert not is_config(["order"])
