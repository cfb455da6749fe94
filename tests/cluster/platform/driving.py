"""A steady load of orders from a pod of the cluster, while something happens to the platform."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.platform.toolbox import Toolbox
from tests.cluster.platform.release import until

SCRIPT = Path(__file__).with_name("steady_load.py")
RATE = 20
START = 60.0
END = 300.0
"""Seconds: the longest an order is tried for, and all orders take to come to rest."""


@dataclass
class Outcome:
    """What steady_load.py found; empty until the load has ended."""

    result: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        result = self.result
        seen = {name: count for name, count in result["answers"].items() if name not in {"POST 202", "GET 200"}}
        return (
            f"{result['accepted']} of {result['sent']} orders in {result['seconds']} s, {result['ends']}, "
            f"other answers {seen or 'none'}, slowest {result['slowest']} s"
        )

    @property
    def accepted(self) -> int:
        return int(self.result["accepted"])

    @property
    def confirmed(self) -> int:
        return int(self.result["ends"].get("CONFIRMED", 0))

    def require_nothing_lost(self) -> None:
        """Every order sent was accepted once, and came to rest."""
        result = self.result
        assert result["given_up"] == 0, result
        assert result["doubled"] == [], result
        assert result["accepted"] == result["sent"], result
        assert all(end.split()[0] in {"CONFIRMED", "REJECTED"} for end in result["ends"]), result

    def require_only_retryable_answers(self) -> None:
        """No client saw more than a 503 with Retry-After."""
        assert self.result["troubles"] == [], self.result


@contextmanager
def steady_load(toolbox: Toolbox, rate: float = RATE) -> Iterator[Outcome]:
    """Orders at `rate` a second from the first line of the block to its last; then waits until all came to rest."""
    folder = f"/tmp/load-{time.monotonic_ns()}"  # noqa: S108 - in the pod
    start = f"mkdir {folder} && cat >{folder}/load.py && cd {folder} && "
    start += f"(setsid python load.py {rate} {folder} </dev/null >output 2>&1 &)"
    toolbox.run(["sh", "-c", start], stdin=SCRIPT.read_text(), timeout=30)

    def read(name: str) -> str:
        return str(toolbox.run(["sh", "-c", f"cat {folder}/{name} 2>/dev/null || true"], timeout=30).stdout)

    def exists(name: str) -> bool:
        return "yes" in str(
            toolbox.run(["sh", "-c", f"test -e {folder}/{name} && echo yes || true"], timeout=30).stdout
        )

    until(lambda: exists("running"), START, f"the load began, {read('output')}", every=0.5)
    outcome = Outcome()
    try:
        yield outcome
    finally:
        toolbox.run(["touch", f"{folder}/stop"], timeout=30)
        text = until(lambda: read("result.json"), END, "the load ended", every=1.0)
        outcome.result = json.loads(text)
