"""The order of precedence, and a version that changes exactly when the content does."""

from services.config.backend import PropertySource, Snapshot
from services.config.environment import environment


def snapshot(**values: int) -> Snapshot:
    return Snapshot(
        {name.replace("_", "-"): (PropertySource(f"configmap:{name}", {"a": value}),) for name, value in values.items()}
    )


def test_the_most_specific_source_comes_first_and_the_last_profile_before_the_others() -> None:
    everything = snapshot(application=1, application_dev=2, application_eu=3, order=4, order_dev=5, order_eu=6, other=7)
    found = environment(everything, "order", ["dev", "eu"])
    assert [source.properties["a"] for source in found.sources] == [6, 5, 4, 3, 2, 1]


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
