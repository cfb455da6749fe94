"""Makes the checkout's `.venv` from a lock file; run by `./mercato` with the system's Python, so standard library only.

Usage: `python bootstrap.py CHECKOUT LOCK`, LOCK being `platform` or `dev`. Safe to interrupt and to run several at
once: a kernel lock (gone with its holder) admits one builder, and the stamp that ends the work is written last.
"""

import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

NETWORK_SIGNS = (
    "connection broken",
    "failed to establish",
    "name resolution",
    "name or service not known",
    "timed out",
    "proxyerror",
    "no matching distribution",
    "could not find a version",
    "sslerror",
)


class SetupError(Exception):
    """Why the environment could not be made, and what to do: one line."""


@contextmanager
def exclusively(folder: Path) -> Iterator[int]:
    """Hold the build lock; gives its descriptor, which the programs we run inherit: should this one be killed, the
    next waits until they are gone too."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "setup.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./mercato is setting up this checkout; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


def say(text: str) -> None:
    print(f"mercato: {text}", file=sys.stderr, flush=True)


def checksum(lock: Path) -> str:
    """The same text as `cksum < lock`, which is what the shell compares the stamp with."""
    with lock.open("rb") as handle:
        return subprocess.run(["cksum"], stdin=handle, capture_output=True, text=True, check=True).stdout.strip()


def run(command: list[str], log: TextIO, lock: int) -> None:
    """Run quietly into `log`, with a dot of progress for every package; raise SetupError with a remedy."""
    started = time.monotonic()
    collected = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[lock]
    ) as process:
        for line in process.stdout or ():
            log.write(line)
            if line.startswith("Collecting "):
                collected += 1
                progress(f"{collected} packages, {time.monotonic() - started:.0f} s")
            elif line.startswith("Installing collected"):
                progress(f"{collected} packages, installing")
    log.flush()
    if sys.stderr.isatty() and collected:
        sys.stderr.write("\n")
    if process.returncode:
        raise SetupError(diagnosis(Path(log.name)))


def progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r  {text}\033[K")
        sys.stderr.flush()


def diagnosis(log: Path) -> str:
    text = log.read_text(errors="replace")
    lower = text.lower()
    if "no space left" in lower or "disk quota" in lower:
        return f"no space left on the disk of {log.parent.parent} (about 1 GB is needed): free some, then try again"
    if "ensurepip is not available" in lower:
        return "this Python cannot make virtual environments: install its venv package (Debian: python3-venv)"
    if any(sign in lower for sign in NETWORK_SIGNS):
        return f"cannot reach the package index: check the network or proxy, then try again (details: {log})"
    return f"installing the Python packages failed: see {log}, then try again"


def base_python() -> str:
    """The interpreter behind any virtual environment that may be active, perhaps the very one to be replaced."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def make_environment(root: Path, lock: str, run: Callable[[list[str]], None]) -> None:
    venv = root / ".venv"
    python = venv / "bin" / "python"
    unfinished = venv / ".mercato-unfinished"
    # A first build that was cut short may have left anything behind: begin anew. A finished one is only updated.
    if unfinished.exists() or not python.exists():
        shutil.rmtree(venv, ignore_errors=True)
        venv.mkdir()
        unfinished.touch()
        run([base_python(), "-m", "venv", str(venv)])
    requirements = root / "requirements" / f"{lock}.txt"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar=off"]
    # The lock is whole. Resolving it again, pip before 24 takes a package with an extra for one without a hash.
    run([*pip, "--retries=3", "--require-hashes", "--no-deps", "-r", str(requirements)])
    (venv / f".mercato-{lock}").write_text(checksum(requirements) + "\n")
    unfinished.unlink(missing_ok=True)


def main(root: Path, lock: str) -> int:
    state = root / ".mercato"
    try:
        with exclusively(state) as held, (state / "setup.log").open("w") as log:
            stamp = root / ".venv" / f".mercato-{lock}"
            if stamp.exists() and stamp.read_text().strip() == checksum(root / "requirements" / f"{lock}.txt"):
                return 0
            say("setting up the Python packages (once for each version of the lock; a minute or two)")
            make_environment(root, lock, lambda command: run(command, log, held))
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"{error.strerror} ({error.filename or root}): put that right, then try again")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next ./mercato goes on")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
