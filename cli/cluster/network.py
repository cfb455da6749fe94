"""The node's network, in the namespace it runs in: one address, and a default route that leads nowhere.

No packet leaves the namespace. The route is there because a packet for a Service needs one before kube-proxy's rules
turn it round; what is sent to the outside fails as unreachable.
"""

import subprocess
from pathlib import Path

from cli.cluster import addresses
from cli.cluster.prerequisites import find

TIMEOUT = 10.0
COMMANDS = (
    "link set lo up",
    "link add node0 type bridge",
    f"addr add {addresses.NODE}/{addresses.NODE_PREFIX} dev node0",
    "link set node0 up",
    f"route add default via {addresses.NODE} dev node0",
)


def configure() -> None:
    """Must run in a network namespace of its own. Raises OSError or CalledProcessError."""
    for command in COMMANDS:
        subprocess.run([find("ip") or "ip", *command.split()], check=True, timeout=TIMEOUT)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
