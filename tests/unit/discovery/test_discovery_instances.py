"""The process table, and the form of an instance."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from services.discovery.app import build
from services.discovery.instances import Instance, Snapshot
from services.discovery.process_table import parse
from services.discovery.settings import DiscoverySettings


def process(name: str, port: int | None = 1234, *, ready: bool = True, **more: Any) -> dict[str, Any]:
    return {"name": name, "service": name.partition("-")[0], "host": "127.0.0.1", "port": port, "ready": ready, **more}


def table(*processes: dict[str, Any]) -> str:
    return json.dumps({"processes": processes})


def test_only_ready_processes_with_a_port_are_instances() -> None:
    found = parse(table(process("order-2"), process("order"), process("pay", ready=False), process("x", None)), "ns")
    assert [(i.service, i.instance_id) for i in found.instances] == [("order", "order"), ("order", "order-2")]


def test_what_discovery_does_not_need_may_change() -> None:
    assert parse(table(process("order", pid=7, restarts=1)), "ns") == parse(table(process("order", pid=8)), "ns")


@pytest.mark.parametrize("text", ["", '{"processes":[{"name":"order"', "{}", "[]", table(process("order", 0))])
def test_anything_but_a_whole_table_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        parse(text, "ns")


def test_an_instance_reads_as_in_spring() -> None:
    assert Instance("order", "order-2", "127.0.0.1", 1234, "ns").body() == {
        "instanceId": "order-2",
        "serviceId": "order",
        "host": "127.0.0.1",
        "port": 1234,
        "uri": "http://127.0.0.1:1234",
        "secure": False,
        "scheme": "http",
        "metadata": {},
        "namespace": "ns",
    }


def test_an_ipv6_address_is_bracketed_in_the_uri() -> None:
    assert Instance("order", "order", "::1", 1, "ns", secure=True).body()["uri"] == "https://[::1]:1"


def test_instances_are_grouped_by_service() -> None:
    snapshot = Snapshot.of([Instance("b", "b", "h", 1, "ns"), Instance("a", "a", "h", 2, "ns")])
    assert [app["name"] for app in snapshot.apps()] == ["a", "b"]


def test_without_a_table_the_local_backend_says_which_setting_is_missing() -> None:
    with pytest.raises(SystemExit, match="set MERCATO_PROCESS_TABLE"):
        build(DiscoverySettings())


def test_metadata_that_changes_is_worth_telling_though_the_instance_is_the_same() -> None:
    before, after = (Snapshot.of([Instance("a", "1", "10.0.0.1", 80, "shop", metadata={"v": v})]) for v in "12")
    assert before == after
    assert not before.tells_as(after)
