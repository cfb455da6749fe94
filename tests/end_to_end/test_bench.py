"""`./mercato bench` on a real platform: its figures are those of orders and reads that took place."""

import json
from pathlib import Path

from tests.end_to_end.platform_under_test import Platform


def test_a_run_reads_and_a_plot_in_one_document(platform: Platform, tmp_path: Path) -> None:
    plot = tmp_path / "latency.svg"
    done = platform.mercato("bench", "--rates", "4,8", "--seconds", "8", "--reads", "--plot", str(plot), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(run["tried"], run["confirmed"], run["errors"]) for run in found["runs"]] == [(32, 32, {}), (64, 64, {})]
    for run in found["runs"]:
        assert 0 < run["post"]["p50"] < run["confirmation"]["p50"] <= run["confirmation"]["highest"] < 60_000
        assert run["verified"] >= 1
        assert run["confirmation_seen"]["p50"] > run["post"]["p50"] / 2
        assert {"order", "order-2", "payment", "product", "postgres", "kafka"} <= run["core_ms_per_order"].keys()
        assert run["floor_transactions_per_order"] > 0
    assert found["floors"]["postgres_transactions"] > 100
    product, order, unknown, checked = found["reads"]
    assert all(one["per_second"] > 10 for one in (product, order, unknown, checked))
    assert (product["others"], order["others"], unknown["others"]) == (0, 0, 0)
    assert product["core_ms"]["product"] > 0
    assert order["core_ms"]["order"] + order["core_ms"].get("order-2", 0) > 0
    assert plot.read_text().count("POST to CONFIRMED") >= 1


def test_an_overload_is_told_as_it_was(platform: Platform) -> None:
    done = platform.mercato("bench", "--overload", "2", "--rate", "4", "--seconds", "5", "--json")
    found = json.loads(done.stdout)["overload"]
    assert done.returncode == 0, done.stderr
    assert found["run"]["tried"] == 40
    assert found["run"]["accepted"] + sum(found["run"]["errors"].values()) == 40
    assert found["violations"] == []
    assert found["before"]["confirmed"] == found["after"]["confirmed"] == 100
