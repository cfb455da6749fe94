"""Runs a set-up program once (initdb, Kafka's StorageTool) and turns its failure into one line."""

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cli.supervisor.spec import StartError

TIMEOUT = 120.0


async def run_tool(
    title: str,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    become: Callable[[], None] | None = None,
) -> None:
    """Run `command`, which writes into `folder`, to its end. Raises StartError; ends the program when cancelled."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=become,
            start_new_session=True,
        )
    except subprocess.SubprocessError as error:  # what Python makes of any error between fork and exec
        raise StartError(f"{title} cannot change its user here: start as another user than root") from error
    try:
        output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT)
    except TimeoutError:
        raise StartError(f"{title} did not end within {TIMEOUT:.0f} s: see how busy this machine is") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise StartError(_diagnosis(title, folder, output.decode(errors="replace")))


def _diagnosis(title: str, folder: Path, output: str) -> str:
    if "No space left" in output:
        return f"no space left on the disk of {folder}: free some, then try again"
    lines = output.strip().splitlines() or ["no output"]
    errors = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return f"{title} failed: {(errors or lines)[-1]}"
