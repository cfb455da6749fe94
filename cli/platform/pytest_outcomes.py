"""A pytest plugin that writes what became of the tests to the file named by MERCATO_TEST_OUTCOMES, as JSON."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

FILE = "MERCATO_TEST_OUTCOMES"


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", "long: takes minutes; runs with ./mercato test --long")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """`skipped` maps reasons to numbers of tests; `left_out` counts those not selected."""
    stats = terminalreporter.stats

    def count(*names: str) -> int:
        return sum(len(stats.get(name, ())) for name in names)

    reasons = Counter(_reason(report) for report in stats.get("skipped", ()))
    outcomes = {
        "passed": count("passed", "xfailed"),
        "failed": count("failed", "error", "xpassed"),
        "skipped": dict(reasons),
        "left_out": count("deselected"),
    }
    Path(os.environ[FILE]).write_text(json.dumps(outcomes))


def _reason(report: Any) -> str:
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ")
