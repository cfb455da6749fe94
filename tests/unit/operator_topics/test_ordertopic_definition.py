"""The definition of OrderTopic and the model that reads it say the same."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from mercato_operator.kafka.backend import Outcome
from mercato_operator.kafka.progress import Extent, Logs
from mercato_operator.kafka.topics import DeadLetter, Retry, Spec
from mercato_operator.topics import status
from mercato_operator.topics.declarations import declaration
from mercato_operator.topics.plan import plan
from mercato_operator.topics.status import Found
from pydantic import BaseModel

DEFINITION = yaml.safe_load((Path(__file__).parents[3] / "operator" / "crds" / "ordertopic.yaml").read_text())
SCHEMA = DEFINITION["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
BOUNDS = {"ge": "minimum", "le": "maximum"}


def defaults(schema: dict[str, Any]) -> Any:
    """As the API server fills them in."""
    if schema["type"] == "object" and "properties" in schema:
        return {key: defaults(one) for key, one in schema["properties"].items() if "default" in one}
    return schema["default"]


def test_all_fields_are_those_of_the_model() -> None:
    for model, schema in (
        (Spec, SCHEMA["spec"]),
        (DeadLetter, SCHEMA["spec"]["properties"]["deadLetter"]),
        (Retry, SCHEMA["spec"]["properties"]["retry"]),
    ):
        fields = {field.alias or name for name, field in model.model_fields.items()}
        assert fields == schema["properties"].keys()
        required = {field.alias or name for name, field in model.model_fields.items() if field.is_required()}
        assert required == set(schema.get("required", ()))


def test_defaults_are_those_of_the_model() -> None:
    model: BaseModel = Spec(partitions=1)
    expected = model.model_dump(by_alias=True, exclude={"partitions", "topic_name"})
    assert defaults(SCHEMA["spec"]) == expected


def test_bounds_are_those_of_the_model() -> None:
    for model, schema in ((Spec, SCHEMA["spec"]), (Retry, SCHEMA["spec"]["properties"]["retry"])):
        for name, field in model.model_fields.items():
            found = {BOUNDS[key]: getattr(rule, key) for rule in field.metadata for key in BOUNDS if hasattr(rule, key)}
            given = schema["properties"][field.alias or name]
            assert {key: given[key] for key in BOUNDS.values() if key in given} == found


def test_every_field_of_the_status_is_in_the_schema() -> None:
    spec = {"partitions": 2, "consumers": ["a"], "config": {"x": "1"}, "retry": {"enabled": True}}
    body = {
        "apiVersion": "mercato.dev/v1alpha1",
        "kind": "OrderTopic",
        "metadata": {"name": "t", "namespace": "shop", "uid": "1", "generation": 1},
        "spec": spec,
    }
    each = declaration(body)
    wanted = plan([each], [], "shop")
    outcomes = {topic.name: Outcome(partitions=topic.partitions) for topic in wanted.topics}
    logs = Logs({("t", 0): Extent(0, 5)}, {"a": {}}, {"t.a.dead-letter": 2})
    found = Found(outcomes, {}, frozenset({"a"}), logs)
    written = status.of_planned(each, wanted.planned[each.key], found, datetime(2026, 1, 1, tzinfo=UTC))
    assert not list(unknown(written, SCHEMA["status"], "status"))
    assert written["groups"] == [{"group": "a", "lag": 5, "deadLetters": 2}]
    assert written.keys() == SCHEMA["status"]["properties"].keys()


def unknown(value: Any, schema: dict[str, Any], where: str) -> Any:
    """Paths that the API server would drop."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in schema["properties"]:
                yield f"{where}.{key}"
            else:
                yield from unknown(one, schema["properties"][key], f"{where}.{key}")
    elif isinstance(value, list):
        for one in value:
            yield from unknown(one, schema["items"], f"{where}[]")


def test_the_chart_ships_it() -> None:
    link = Path(__file__).parents[3] / "charts" / "mercato" / "crds" / "ordertopic.yaml"
    assert yaml.safe_load(link.read_text()) == DEFINITION
