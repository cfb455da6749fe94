"""The plan: which parts there are, and the order their needs imply."""

import asyncio
from pathlib import Path

import pytest

from cli.instance import Instance, Setup
from cli.plan import plan, port_names
from cli.supervisor import graph
from cli.supervisor.spec import Part, ProcessSpec, Step


async def nothing() -> None:
    await asyncio.sleep(0)


def step(name: str, *needs: str) -> Step:
    return Step(name, nothing, frozenset(needs))


def planned(data: Path, **wishes: object) -> dict[str, Part]:
    replicas: dict[str, int] = wishes.pop("replicas", {})  # type: ignore[assignment]
    mail = bool(wishes.pop("mail", True))
    ports = {name: 20_000 + number for number, name in enumerate(port_names(replicas, mail=mail))}
    instance = Instance(data)
    instance.save(Setup(8080, replicas, mail, ports, **wishes))  # type: ignore[arg-type]
    return {part.name: part for part in plan(instance).parts}


def environment(parts: dict[str, Part], name: str) -> dict[str, str]:
    part = parts[name]
    assert isinstance(part, ProcessSpec)
    return dict(part.environment)


def test_a_part_stops_after_everything_that_needs_it_also_through_others() -> None:
    before = graph.dependants([step("a"), step("b", "a"), step("c", "b"), step("d")])
    assert before == {"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": set()}


def test_a_circle_of_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        graph.check([step("a", "b"), step("b", "a")])


def test_a_need_that_nobody_meets_is_refused() -> None:
    with pytest.raises(ValueError, match="a needs ghost"):
        graph.check([step("a", "ghost")])


def test_services_start_after_their_database_and_topics_and_stop_before_them(tmp_path: Path) -> None:
    parts = planned(tmp_path)
    graph.check(parts.values())
    before = graph.dependants(parts.values())
    assert {"customer", "product", "order", "payment", "notification", "simulator"} <= before["postgres"]
    assert {"product", "order", "payment", "notification"} <= before["kafka"]
    assert "envoy" in before["gateway"]


def test_two_replicas_have_their_own_ports_and_the_second_leaves_migrating_to_the_first(tmp_path: Path) -> None:
    parts = planned(tmp_path, replicas={"order": 2})
    first, second = parts["order"], parts["order-2"]
    assert isinstance(first, ProcessSpec)
    assert isinstance(second, ProcessSpec)
    assert len({first.port, second.port, first.metrics_port, second.metrics_port}) == 4
    assert second.service == "order"
    assert "--migrate" in first.command
    assert "--migrate" not in second.command
    assert "order" in second.needs
    assert environment(parts, "order-2")["MERCATO_INSTANCE"] == "order-2"


def test_without_mail_there_is_no_catcher_and_notification_knows_no_mail_server(tmp_path: Path) -> None:
    parts = planned(tmp_path, mail=False)
    assert "mailcatcher" not in parts
    assert "MERCATO_SMTP_HOST" not in environment(parts, "notification")


def test_an_existing_postgresql_is_used_with_a_role_and_database_per_service(tmp_path: Path) -> None:
    parts = planned(tmp_path, external_postgres="postgresql://boss:pw@db.example:5433/postgres?sslmode=require")
    assert not {"postgres", "postgres-cluster"} & parts.keys()
    url = environment(parts, "order")["MERCATO_DATABASE_URL"]
    assert url.startswith("postgresql://order:")
    assert url.endswith("@db.example:5433/order?sslmode=require")


def test_an_existing_kafka_is_used(tmp_path: Path) -> None:
    parts = planned(tmp_path, external_kafka="kafka.example:9092")
    assert not {"kafka", "kafka-jars", "kafka-storage"} & parts.keys()
    assert environment(parts, "order")["MERCATO_KAFKA_BOOTSTRAP"] == "kafka.example:9092"


def test_a_callers_settings_reach_the_services_unless_the_plan_sets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCATO_TRACE_SAMPLE_RATIO", "0.5")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("MERCATO_PORT", "1")
    monkeypatch.setenv("PGPASSWORD", "of someone else")
    order = environment(planned(tmp_path), "order")
    assert order["MERCATO_TRACE_SAMPLE_RATIO"] == "0.5"
    assert order["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4318"
    assert order["MERCATO_PORT"] != "1"
    assert "PGPASSWORD" not in order


def test_no_secret_is_on_a_command_line(tmp_path: Path) -> None:
    parts = planned(tmp_path)
    credentials = Instance(tmp_path).credentials
    words = [word for part in parts.values() if isinstance(part, ProcessSpec) for word in part.command]
    for secret in (*credentials.databases.values(), credentials.admin.password, credentials.stripe_api_key):
        assert not any(secret in word for word in words)
