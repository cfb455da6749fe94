"""Free loopback ports."""

import random
import socket
from collections.abc import Container

# Below the range from which the kernel gives out ports to outgoing connections (32768 on Linux), so that none of
# those takes the port of a crashed process before it is back.
RANGE = range(20_000, 32_000)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose(names: list[str], remembered: dict[str, int], *, avoid: Container[int] = ()) -> dict[str, int]:
    """A free port for each name, the remembered one where it is still free, so that URLs survive a restart."""
    chosen: dict[str, int] = {}
    for name in names:
        taken = set(chosen.values())
        port = remembered.get(name, 0)
        while not port or port in taken or port in avoid or not is_free(port):
            port = random.choice(RANGE)  # noqa: S311
        chosen[name] = port
    return chosen
