"""Lets Envoy's requests come to their end before it is told to go: `drain.py DRAIN LIMIT`, the pod's preStop.

For DRAIN seconds no new connection is taken and open ones are told to close with their next answer; meanwhile the pod
is taken out of the Service. Then whatever request is still being answered is waited for, LIMIT seconds in all at most.
"""

import sys
import time
import urllib.request

ADMIN = "http://127.0.0.1:9901"
ACTIVE = "http.gateway.downstream_rq_active"
TIMEOUT = 2.0
EVERY = 0.5


def ask(method: str, path: str) -> str:
    request = urllib.request.Request(ADMIN + path, method=method)  # noqa: S310 - Envoy's own admin
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        return str(answer.read().decode())


def active() -> int:
    """Requests that Envoy is answering."""
    lines = ask("GET", f"/stats?filter=^{ACTIVE}$").split()
    return int(lines[-1]) if lines else 0


def drain(seconds: float, limit: float) -> None:
    """An Envoy that does not answer has nothing to finish, or cannot be asked: then the time alone must do."""
    started = time.monotonic()
    try:
        ask("POST", "/drain_listeners?graceful&skip_exit")
        time.sleep(seconds)
        while active() and time.monotonic() < started + limit:
            time.sleep(EVERY)
    except OSError:
        time.sleep(max(0.0, started + seconds - time.monotonic()))


if __name__ == "__main__":
    drain(float(sys.argv[1]), float(sys.argv[2]))
