"""What an order costs at each rate, in one table."""

from collections.abc import Sequence

from cli.bench.report import Report

TOGETHER = "together"
FLOOR = "floor transactions"


def lines(runs: Sequence[Report]) -> list[str]:
    """Core-milliseconds per order by process, the dearest at the first rate first."""
    names = sorted(
        {name for run in runs for name in run.core_ms_per_order},
        key=lambda name: [-run.core_ms_per_order.get(name, 0.0) for run in runs],
    )
    head = [f"{run.rate:.4g}/s" for run in runs]
    text = ["core-milliseconds per order at", _row("", head)]
    text += [_row(name, [f"{run.core_ms_per_order.get(name, 0.0):.2f}" for run in runs]) for name in names]
    text.append(_row(TOGETHER, [f"{run.core_ms:.2f}" for run in runs]))
    floors = [run.floor_transactions for run in runs]
    if any(floor is not None for floor in floors):
        text.append(_row(FLOOR, ["-" if floor is None else f"{floor:.1f}" for floor in floors]))
    return text


def _row(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<20}" + "".join(f"{cell:>10}" for cell in cells)
