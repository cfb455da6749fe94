"""Runs the programs that build images, and turns their failure into one line."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.images.errors import ImageError

TIMEOUT = 1800.0
"""Seconds for one image, downloads included."""


def run(
    title: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    timeout: float = TIMEOUT,
) -> str:
    """What `command` prints on stdout. All it prints goes to `log` as well, if given. Raises ImageError."""
    settings = {**os.environ, **(environment or {})}
    try:
        done = subprocess.run(
            command, env=settings, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except FileNotFoundError:
        raise ImageError(f"{command[0]} is missing: install it, then try again") from None
    except subprocess.TimeoutExpired:
        raise ImageError(f"{title} did not end within {timeout:.0f} s: check the network, then try again") from None
    output, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(output + errors)
    if done.returncode:
        raise ImageError(f"{title} failed: {_reason(output + errors)}" + (f" (all of it: {log})" if log else ""))
    return output


def answers(command: Sequence[str], environment: Mapping[str, str] | None = None) -> bool:
    """Whether `command` can be run and ends well, soon."""
    try:
        run(command[0], command, environment=environment, timeout=20)
    except ImageError:
        return False
    return True


def _reason(output: str) -> str:
    if "No space left" in output or "no space left" in output:
        return "no space left on the disk: free some, then try again"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["no reason given"])[-1]
