"""A Service of the cluster on a free port of this machine, by kubectl, for as long as it is needed."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cli.platform.errors import PlatformError
from cli.platform.kubectl import Kubectl, failure

HOST = "127.0.0.1"
SECONDS = 30.0
_EVERY = 0.05
_FORWARDING = re.compile(rf"Forwarding from {re.escape(HOST)}:(\d+) ".encode())


@contextmanager
def forwarded(kubectl: Kubectl, service: str, port: int) -> Iterator[str]:
    """The base URL (http) of a Service's port. Raises NotThereError without the Service, PlatformError."""
    arguments = ("port-forward", f"--address={HOST}", "--pod-running-timeout=20s", f"service/{service}", f":{port}")
    # Files, which never fill up as pipes do when nobody reads them.
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        process = subprocess.Popen(
            kubectl.command(*arguments),
            env=kubectl.environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=complained,
        )
        try:
            deadline = time.monotonic() + SECONDS
            while not (found := _FORWARDING.search(_text(said.fileno()))):
                if process.poll() is not None:
                    raise failure(_text(complained.fileno()).decode(errors="replace"), kubectl.namespace)
                if time.monotonic() > deadline:
                    raise PlatformError(
                        f"kubectl did not forward service/{service} within {SECONDS:.0f} s: "
                        f"see kubectl -n {kubectl.namespace} get pods"
                    )
                time.sleep(_EVERY)
            yield f"http://{HOST}:{int(found[1])}"
        finally:
            _end(process)


def _text(descriptor: int) -> bytes:
    """The beginning of a file, whose position, which kubectl writes at, stays."""
    return os.pread(descriptor, 65536, 0)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
