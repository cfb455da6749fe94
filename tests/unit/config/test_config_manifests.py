"""ConfigMaps as Spring Cloud Kubernetes reads them."""

import re
from base64 import b64encode
from typing import Any

import pytest

from services.config.manifests import ConfigMap, is_config, joined, understand

ON_PROFILE = "spring.config.activate.on-profile"


def config_map(name: str, **data: Any) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"mercato.dev/config": "true"}}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {key.replace("__", "."): value for key, value in data.items()},
    }


def read(manifest: dict[str, Any]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    found = understand(manifest)
    assert found.faults == ()
    return {key: [(s.name, dict(s.properties)) for s in sources] for key, sources in joined([found]).items()}


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
    text = f"a: 1\n---\n{ON_PROFILE}: dev, test\na: 2\n"
    (part, whole) = joined([understand(config_map("order", application__yaml=text))])["order"]
    assert [part.activation.met([profile]) for profile in ("dev", "test", "eu")] == [True, True, False]
    assert not whole.activation.conditional
    assert part.properties == {ON_PROFILE: "dev, test", "a": 2}


@pytest.mark.parametrize("key", ["application__yaml", "application__properties"])
def test_later_parts_of_one_document_overrule_earlier_ones_and_have_names_of_their_own(key: str) -> None:
    text = "a: 1\n---\na: 2\n" if key.endswith("yaml") else "a=1\n#---\na=2\n"
    found = read(config_map("order", **{key: text}))["order"]
    name = f"configmap:order/{key.replace('__', '.')}"
    assert [source for source, _ in found] == [f"{name} (document #1)", f"{name} (document #0)"]
    assert [str(properties["a"]) for _, properties in found] == ["2", "1"]


def test_of_several_documents_of_one_name_the_first_wins_in_springs_order() -> None:
    keys = [
        "other__yml",
        "application__yaml",
        "application__yml",
        "application__properties",
        "order__yaml",
        "order__yml",
    ]
    found = read(config_map("order", limit="1", **dict.fromkeys(keys, "a: 1")))["order"]
    assert [name.removeprefix("configmap:order").lstrip("/") for name, _ in found] == [
        "",
        "order.yml",
        "order.yaml",
        "application.properties",
        "application.yml",
        "application.yaml",
        "other.yml",
    ]


@pytest.mark.parametrize(
    ("name", "key", "target"),
    [
        ("order-dev", "order-dev__yaml", "order-dev"),
        ("order-dev", "order-dev-eu__yaml", "order-dev-eu"),
        ("application-dev", "application-dev__yaml", "application-dev"),
        ("order", "order-__yaml", "order-"),
        ("application", "application-dev__yml", "application-dev"),
    ],
)
def test_a_document_speaks_to_the_profile_behind_the_name_of_its_config_map(name: str, key: str, target: str) -> None:
    assert list(read(config_map(name, **{key: "a: 1"}))) == [target]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"application__yaml": "a: [1"}, r"data\.application\.yaml: .*line"),
        ({"application__yaml": "a: &a [*a]"}, "nested without end"),
        ({"application__yaml": f"{ON_PROFILE}: a & b | c"}, "malformed"),
        ({"application__properties": "a=\\u12"}, r"data\.application\.properties: malformed"),
        ({"application__properties": f"{'a' * 50_001}=1"}, "more than 50000"),
        ({"application__yaml": 5}, r"data\.application\.yaml: it is not a string: put it in quotes"),
        ({"application-dev__yaml": "spring.profiles.include: x"}, "some profiles only"),
        ({"deadline": 20}, "deadline is not a string: put it in quotes"),
        ({"deadline": "\ud83d"}, "surrogate"),
        ({"a b": "1"}, "only letters"),
        ({"spring.profiles": "dev"}, "on-profile"),
    ],
)
def test_a_broken_document_is_named_in_one_line(data: dict[str, Any], reason: str) -> None:
    (fault,) = understand(config_map("order", **data)).faults
    assert re.search(reason, fault)
    assert "\n" not in fault
    assert len(fault) <= 500


def test_a_broken_document_stays_as_it_was_and_harms_no_other_of_its_config_map() -> None:
    before = understand(config_map("order", application__yaml="a: 1", order__yaml="b: 1", gone="1"))
    found = understand(config_map("order", application__yaml="a: [", order__yaml="b: 2", new__yml="c: 3"), before)
    assert [dict(source.properties) for source in joined([found])["order"]] == [
        {"gone": "1"},
        {"b": 2},
        {"a": 1},
        {"c": 3},
    ]
    mended = understand(config_map("order", order__yaml="b: 3"), found)
    assert [dict(source.properties) for source in joined([mended])["order"]] == [{"b": 3}]


def binary(**data: bytes | str) -> ConfigMap:
    encoded = {k.replace("__", "."): v if isinstance(v, str) else b64encode(v).decode() for k, v in data.items()}
    return understand(config_map("order") | {"binaryData": encoded})


def test_documents_that_kubectl_took_for_binary_are_read() -> None:
    found = binary(application__properties="käse=ß".encode("latin-1"), order__yml="a: 'ü'".encode(), logo__png=b"\x89")
    assert [dict(source.properties) for source in joined([found])["order"]] == [{"a": "ü"}, {"käse": "ß"}]
    assert found.faults == ()


@pytest.mark.parametrize(
    ("content", "reason"), [(b"a: \xff", r"not UTF-8 \(byte 4\)"), ("%", "not base64"), (b"a: \0", "character")]
)
def test_what_is_no_text_is_named(content: bytes | str, reason: str) -> None:
    (fault,) = binary(order__yaml=content).faults
    assert re.search(rf"binaryData\.order\.yaml: .*{reason}", fault)


@pytest.mark.parametrize("data", [["a"], "text", 5])
def test_data_that_is_no_map_is_named(data: Any) -> None:
    assert understand(config_map("order") | {"data": data}).faults == ("data: it is not a map",)


def test_only_labelled_config_maps_are_configuration() -> None:
    labelled = config_map("order")
    assert is_config(labelled)
    assert not is_config(labelled | {"kind": "Secret"})
    assert not is_config(labelled | {"metadata": {"name": "order"}})
    assert not is_config(["order"])
