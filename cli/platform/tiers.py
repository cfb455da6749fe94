"""The tiers of tests, how each is run, and what came of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.layout import CHECKOUT, PYTHON
from cli.platform.pytest_outcomes import FILE

CHECKED = ("services", "cli", "tryout", "operator", "docs/examples", "images", "scripts", "tests")
"""What mypy checks strictly."""
LINT = "lint"


@dataclass(frozen=True, slots=True)
class Tier:
    """`minutes` it may take at most (with --long: four times that); `workers` run it in parallel."""

    name: str
    minutes: float
    workers: int = 1
    covers: bool = True
    """Whether the code under test runs in the test processes, so that its coverage can be measured there."""
    everywhere: bool = True
    """Whether some of it runs on every machine; else all of it may be left out, and each test says why."""


TIERS = {
    tier.name: tier
    for tier in (
        Tier("unit", 15, workers=2),
        Tier("contract", 5),
        Tier("integration", 15, workers=2),
        Tier("end_to_end", 20, covers=False),
        Tier("cluster", 55, covers=False, everywhere=False),
    )
}
NAMES = (LINT, *TIERS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a tier; `skipped` maps reasons to numbers of tests, `trouble` says why the tier itself failed."""

    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    left_out: int = 0
    trouble: str | None = None

    @property
    def ok(self) -> bool:
        return self.failed == 0 and self.trouble is None


def checks() -> dict[str, Sequence[str]]:
    """What `lint` runs, by what it is for."""
    bin_folder = PYTHON.parent
    return {
        "lint rules (ruff)": (str(bin_folder / "ruff"), "check", "."),
        "format (ruff)": (str(bin_folder / "ruff"), "format", "--check", "."),
        "types (mypy)": (str(PYTHON), "-m", "mypy", "--strict", *CHECKED),
        "imports (import-linter)": (str(bin_folder / "lint-imports"),),
    }


def lint() -> Outcome:
    """Each check counts as a test; one that fails prints what it found."""
    started = time.monotonic()
    failed = 0
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "operator")}  # where import-linter finds the operator
    for name, command in checks().items():
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
        if done.returncode:
            failed += 1
            print(done.stdout, flush=True)
    return Outcome(LINT, time.monotonic() - started, len(checks()) - failed, failed)


def run(tier: Tier, scratch: Path, *, long: bool) -> Outcome:
    """Runs a tier's tests; `scratch` keeps its outcomes and its coverage. No test at all is trouble."""
    started = time.monotonic()
    outcomes = scratch / f"{tier.name}.json"
    environment = {**os.environ, FILE: str(outcomes), "COVERAGE_FILE": str(scratch / f".coverage.{tier.name}")}
    limit = tier.minutes * (4 if long else 1)
    code = _within(_command(tier, long=long), environment, limit * 60)
    seconds = time.monotonic() - started
    if code is None:
        return Outcome(tier.name, seconds, trouble=f"it was ended after {limit:.0f} minutes")
    if not outcomes.exists():
        return Outcome(tier.name, seconds, trouble=f"pytest ended with code {code} before it could run the tests")
    found = json.loads(outcomes.read_text())
    trouble = None
    if found["passed"] + found["failed"] == 0 and (tier.everywhere or not found["skipped"]):
        trouble = "it has no test that ran here"
    elif code != 0 and found["failed"] == 0:
        trouble = f"pytest ended with code {code}"
    return Outcome(tier.name, seconds, **found, trouble=trouble)


def _command(tier: Tier, *, long: bool) -> list[str]:
    command = [str(PYTHON), "-m", "pytest", "-q", "-p", "cli.platform.pytest_outcomes", f"tests/{tier.name}"]
    if tier.workers > 1:
        command += ["-n", str(tier.workers)]
    if tier.covers:
        command += ["--cov", "--cov-report="]
    if not long:
        command += ["-m", "not long"]
    return command


def _within(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> int | None:
    """The return code; None when time was up. An interrupt lets pytest take down what its fixtures started."""
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
            return None
        except KeyboardInterrupt:
            process.wait(60)  # pytest got the terminal's signal as well
            raise


def coverage(scratch: Path) -> str | None:
    """The share of lines and branches that the test processes ran, as text for people; None when nothing was measured.

    What the services ran as processes of their own is not in it.
    """
    parts = [str(path) for path in sorted(scratch.glob(".coverage.*"))]
    if not parts:
        return None
    environment = {**os.environ, "COVERAGE_FILE": str(scratch / ".coverage")}

    def coverage_py(*arguments: str) -> str:
        command = [sys.executable, "-m", "coverage", *arguments]
        done = subprocess.run(
            command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        return done.stdout.strip()

    coverage_py("combine", *parts)
    return coverage_py("report", "--format=total") or None
