"""What `./mercato bench` says at the end: one table, one document, a plot."""

import importlib
import json
import sys
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.bench import table
from cli.bench.bench import Findings
from cli.bench.capacity import Attempt, Capacity, failures
from cli.bench.overload import Overload
from cli.bench.plot import draw
from cli.bench.reads import Reads
from cli.bench.report import Floors, Latency, Report

FLOORS = Floors(4000.0, 60_000.0, 150_000.0, 20_000.0, cores=2)


def run(rate: float, cost: float, **changes: object) -> Report:
    orders = int(rate * 60)
    values: dict[str, object] = {
        "rate": rate, "seconds": 60.0, "tried": orders, "hanging": 0, "accepted": orders, "confirmed": orders,
        "rejected": 0, "unconfirmed": 0, "errors": {}, "accepted_per_second": rate, "confirmed_per_second": rate,
        "post": Latency.of([0.01]), "confirmation": Latency.of([0.02 * rate]), "verified": 10,
        "core_ms_per_order": {"order": cost, "kafka": cost * 2}, "floors": FLOORS,
        "confirmed_while_driven_per_second": rate,
    }  # fmt: skip
    return Report(**{**values, **changes})  # type: ignore[arg-type]


VIOLATION = {"statement": 2, "order_id": "7", "detail": "captured twice"}
HELD = Capacity(
    run(240, 2.0), [Attempt(run(360, 2.0), ["mails: 900 waiting, 40.0/s more"]), Attempt(run(240, 2.0), [])]
)


def test_costs_and_capacity_are_told_in_floor_transactions() -> None:
    assert FLOORS.transactions_per_order(20.0) == pytest.approx(20.0 * 4000 / 2000)
    assert FLOORS.orders_per_transaction(240.0) == pytest.approx(0.06)
    assert run(10, 5.0).document()["floor_transactions_per_order"] == 30.0


def test_one_table_holds_each_rate_and_the_highest() -> None:
    text = "\n".join(Findings(FLOORS, [run(10, 10.0), run(50, 4.0)], HELD).lines())
    rows = {words[0]: words[1:] for line in text.splitlines() if len(words := line.split()) >= 4}
    assert "10/s      50/s     240/s" in text
    assert rows["kafka"] == ["20.00", "8.00", "4.00"]
    assert rows["together"] == ["30.00", "12.00", "6.00"]
    assert "floor transactions        60.0      24.0      12.0" in text


def test_the_dearest_process_comes_first() -> None:
    named = [line.split()[0] for line in table.lines([run(10, 10.0)])[2:]]
    assert named == ["kafka", "order", "together", "floor"]


def test_the_document_of_one_run_has_its_keys_at_the_top() -> None:
    document = json.loads(json.dumps(Findings(FLOORS, [run(10, 10.0)]).document()))
    assert document["core_ms_per_order_total"] == 30.0
    assert document["runs"][0]["rate"] == document["rate"] == 10
    assert document["floors"]["postgres_transactions"] == 4000.0
    assert "rate" not in Findings(FLOORS, [run(10, 1.0), run(50, 1.0)]).document()


def test_a_capacity_is_told_with_what_was_exceeded_above_it() -> None:
    document = Findings(FLOORS, capacity=HELD).document()["capacity"]
    assert document["orders_per_second"] == 240
    assert document["orders_per_floor_transaction"] == 0.06
    assert [one["exceeded"] for one in document["attempts"]] == [["mails: 900 waiting, 40.0/s more"], []]
    text = "\n".join(HELD.lines(FLOORS))
    assert "240.0 orders/s, 0.0600 orders per floor transaction" in text
    assert "mails: 900 waiting" in text
    assert "what always holds: holds" in text


def test_a_capacity_is_not_ok_without_a_proof_or_with_a_violation() -> None:
    assert Findings(FLOORS, capacity=HELD).ok
    none = Capacity(None, HELD.attempts)
    broken = Capacity(HELD.proof, HELD.attempts, [VIOLATION])
    assert not Findings(FLOORS, capacity=none).ok
    assert "no rate was held" in none.lines(FLOORS)[0]
    assert not Findings(FLOORS, capacity=broken).ok
    assert "captured twice" in "\n".join(broken.lines(FLOORS))


def test_whatever_an_order_came_to_but_confirmed_exceeds_a_rate() -> None:
    assert failures(run(10, 1.0)) == []
    assert failures(run(10, 1.0, errors={"503": 2}, reasons={"expired": 3}, unconfirmed=4)) == [
        "2 × 503",
        "3 orders ended REJECTED expired",
        "4 orders did not end",
    ]


def test_an_overload_is_told_by_goodput_refusals_and_deadlines() -> None:
    reasons = {"expired": 2, "payment_timeout": 1, "payment_declined": 4}
    driven = run(720, 1.0, refused=50, refused_with_retry_after=49, reasons=reasons, errors={"503": 50},
                 confirmed_while_driven_per_second=230.0)  # fmt: skip
    found = Overload(3, run(10, 1.0), driven, run(10, 1.0))
    document = found.document()
    assert (document["goodput"], document["refused"], document["refused_without_retry_after"]) == (230.0, 50, 1)
    assert document["ended_by_deadline"] == 3
    assert not found.ok
    assert "50, 1 of them without Retry-After" in "\n".join(found.lines())


def test_an_overload_that_is_refused_politely_is_ok() -> None:
    driven = run(720, 1.0, refused=50, refused_with_retry_after=50, errors={"503": 50})
    assert Overload(3, run(10, 1.0), driven, run(10, 1.0)).ok
    assert not Overload(3, run(10, 1.0), driven, run(10, 1.0, errors={"503": 1})).ok


def test_reads_say_what_one_core_of_the_gateway_takes() -> None:
    found = Reads("product by id", 2000.0, 3, {"envoy": 0.05, "product": 0.2})
    assert found.document()["envoy_per_core"] == 20_000
    assert found.document()["core_ms_total"] == 0.25
    text = "\n".join(Findings(FLOORS, reads=[found]).lines())
    assert "product by id, 3 others" in text
    assert "20,000/s" in text
    assert Reads("nothing", 0.0, 0, {}).envoy_per_core == 0.0


def test_drawing_changes_nothing_about_later_imports() -> None:
    assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("pygal")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("no_such_module_anywhere")


def test_a_plot_shows_every_rate_that_was_driven(tmp_path: Path) -> None:
    findings = Findings(FLOORS, [run(10, 1.0), run(50, 1.0, confirmation=None)], HELD)
    assert [one.rate for one in findings.driven] == [10, 50, 360, 240]
    draw(findings.driven, tmp_path / "latency.svg")
    root = ElementTree.parse(tmp_path / "latency.svg").getroot()  # noqa: S314 - our own file
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    dots = [one for one in root.iter() if "dot" in one.get("class", "").split() and one.tag.endswith("circle")]
    assert len(dots) == 3 * 3
    assert not any("href" in name for one in root.iter() for name in one.keys())  # noqa: SIM118 - nothing to be fetched
