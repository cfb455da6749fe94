"""The order of precedence, and a version that changes exactly when the content does."""

import json

import orjson

from services.config.activation import activation
from services.config.backend import PropertySource, Snapshot
from services.config.environment import environment


def snapshot(**values: int) -> Snapshot:
    return Snapshot(
        {name.replace("_", "-"): (PropertySource(f"configmap:{name}", {"a": value}),) for name, value in values.items()}
    )


EVERYTHING = snapshot(application=1, order=2, application_dev=3, order_dev=4, application_eu=5, order_eu=6, other=7)


def told(application: str, *profiles: str) -> list[object]:
    return [source.properties["a"] for source in environment(EVERYTHING, application, profiles).sources]


def test_the_order_is_that_of_springs_own_backends() -> None:
    assert told("order", "dev", "eu") == [6, 5, 4, 3, 2, 1]
    assert told("order", "eu", "dev") == [4, 3, 6, 5, 2, 1]
    assert told("order", "dev", "dev", "none") == [4, 3, 2, 1]


def test_of_several_names_the_last_wins() -> None:
    assert told("order,other", "dev") == [4, 3, 7, 2, 1]
    assert told("other,order", "dev") == [4, 3, 2, 7, 1]
    assert told("application,order", "default") == [2, 1]
    assert told("order,application", "default") == [2, 1]


def test_no_document_is_told_twice() -> None:
    assert told("order,order-dev", "dev") == [3, 4, 2, 1]


def test_parts_are_told_where_their_document_stands_and_only_for_their_profiles() -> None:
    part = PropertySource("order#1", {"a": 8}, activation({"spring.config.activate.on-profile": "!eu"}))
    found = Snapshot({**EVERYTHING.sources, "order": (part, *EVERYTHING.sources["order"])})
    assert [s.properties["a"] for s in environment(found, "order", ["dev"]).sources] == [4, 3, 8, 2, 1]
    assert [s.properties["a"] for s in environment(found, "order", ["eu"]).sources] == [6, 5, 2, 1]


def test_an_included_profile_wins_over_those_asked_for() -> None:
    includes = PropertySource("order", {"a": 9}, activation({"spring.profiles.include": "eu"}))
    found = Snapshot({**EVERYTHING.sources, "order": (includes,)})
    environment_of_dev = environment(found, "order", ["dev"])
    assert [source.properties["a"] for source in environment_of_dev.sources] == [6, 5, 4, 3, 9, 1]
    assert environment_of_dev.profiles == ("dev",)


def test_each_source_has_a_name_of_its_own() -> None:
    same = tuple(PropertySource("configmap:shared/order.yaml", {"a": value}) for value in range(3))
    names = [source.name for source in environment(Snapshot({"order": same}), "order", ["dev"]).sources]
    assert names == [f"configmap:shared/order.yaml{number}" for number in ("", " (#2)", " (#3)")]


def test_values_that_json_has_no_number_for_are_texts_and_long_numbers_stay_numbers() -> None:
    odd: dict[str, float] = {
        "big": 123456789012345678901234567890,
        "inf": float("inf"),
        "nan": float("nan"),
        "low": -(2**70),
    }
    found = environment(Snapshot({"order": (PropertySource("o", odd),)}), "order", ["default"])
    (source,) = json.loads(orjson.dumps(found.body()))["propertySources"]
    assert source["source"] == {"big": odd["big"], "inf": "Infinity", "nan": "NaN", "low": -(2**70)}
    assert len(found.version) == 32


def test_the_shared_application_is_not_told_twice() -> None:
    assert len(environment(snapshot(application=1), "application", ["default"]).sources) == 1


def test_an_unknown_application_is_told_what_is_shared() -> None:
    assert len(environment(snapshot(application=1), "newcomer", ["default"]).sources) == 1


def test_the_body_is_spring_cloud_configs() -> None:
    found = environment(snapshot(order=4), "order", ["dev"], "main")
    assert found.body() == {
        "name": "order",
        "profiles": ["dev"],
        "label": "main",
        "version": found.version,
        "state": None,
        "propertySources": [{"name": "configmap:order", "source": {"a": 4}}],
    }


def test_the_version_changes_with_the_content_and_only_then() -> None:
    before = environment(snapshot(order=4, other=1), "order", ["default"]).version
    assert environment(snapshot(order=4, other=2), "order", ["default"]).version == before
    assert environment(snapshot(order=5, other=1), "order", ["default"]).version != before
