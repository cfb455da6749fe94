"""Latency over rate, drawn."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pygal

from cli.bench.report import Report

# Its finder for plug-ins speaks a protocol that Python has given up, and warns at every later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

SHARES = ("p50", "p95", "p99")


def draw(runs: Sequence[Report], path: Path) -> None:
    """An SVG of POST to CONFIRMED at each rate that was driven; both axes logarithmic."""
    chart = pygal.XY(
        title="POST to CONFIRMED",
        x_title="orders/s",
        y_title="ms",
        logarithmic=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(SHARES),
        width=900,
        height=480,
        js=(),  # its own script would be fetched from the network
    )
    ordered = sorted((run for run in runs if run.confirmation), key=lambda run: run.rate)
    for share in SHARES:
        chart.add(share, [(run.rate, getattr(run.confirmation, share)) for run in ordered])
    chart.render_to_file(str(path))
