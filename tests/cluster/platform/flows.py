"""Who opened connections to whom on the node while the tests ran, as its kernel saw them."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from network_policies import End
from release import Release, component

from cli.cluster import addresses

NODE = {addresses.NODE, str(next(ip_network(addresses.NODE_PODS).hosts()))}
"""The node's own address, and the one its pods see of it."""
PERIOD = 3.0
"""Seconds between two looks; the kernel remembers a closed TCP connection for two minutes."""
_FIELD = re.compile(r"(src|dst|sport|dport)=(\S+)")


@dataclass(frozen=True)
class Connection:
    """`target` and `port` after the translation of Service addresses; `source` opened it."""

    source: str
    target: str
    port: int
    protocol: str


def connections(table: str) -> Iterator[Connection]:
    """Of /proc/net/nf_conntrack: an entry has the original direction, then the reply; its source is the real target."""
    for line in table.splitlines():
        protocol = line.split()[2].upper()
        found = _FIELD.findall(line)
        if protocol in {"TCP", "UDP"} and len(found) == 8:
            yield Connection(found[0][1], found[4][1], int(found[6][1]), protocol)


class Recorder:
    """Keeps each connection between addresses, and which pod had which address while it was seen."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._stop = threading.Event()
        self.seen: dict[tuple[str, str, int, str], tuple[End, End]] = {}
        """(component or name of the source, of the target, port, protocol) → the two ends."""
        self._ends_known: dict[str, End] = {}
        self._gone: set[str] = set()
        """Addresses of pods that had gone before the first look: nobody can say any more who they were."""
        self.failures: list[str] = []
        self.looks = 0

    def look(self) -> None:
        process = self._release.cluster.process
        node = process.children()[0].pid if process else 0
        # Pods before connections: an address that is given away in between would name the wrong pod.
        ends = self._ends()
        for each in connections(Path(f"/proc/{node}/net/nf_conntrack").read_text()):
            source, target = ends.get(each.source), ends.get(each.target)
            if self.looks == 0:
                self._gone |= {at for at, end in ((each.source, source), (each.target, target)) if end is None}
            if (source is None and target is None) or {each.source, each.target} & self._gone - NODE:
                continue
            key = (self._name(source, each.source), self._name(target, each.target), each.port, each.protocol)
            self.seen.setdefault(key, (source or End(each.source), target or End(each.target)))
        self.looks += 1

    def _ends(self) -> dict[str, End]:
        """By address: pods that run, and those that did, since the kernel remembers them for a while."""
        release = self._release
        labels = {each["metadata"]["name"]: each["metadata"]["labels"] for each in release.objects("namespaces")}
        pods = json.loads(release.run("kubectl", "get", "pods", "-A", "-o", "json").stdout)["items"]
        for pod in sorted(pods, key=lambda pod: pod["status"]["phase"] == "Running"):
            address, metadata = pod["status"].get("podIP"), pod["metadata"]
            if address and (address not in self._ends_known or pod["status"]["phase"] == "Running"):
                space = metadata["namespace"]
                self._ends_known[address] = End(address, space, metadata.get("labels", {}), labels[space])
        return self._ends_known

    @staticmethod
    def _name(end: End | None, address: str) -> str:
        if end is None or end.labels is None:
            return address
        own: Any = {"metadata": {"labels": end.labels}}
        return component(own) or f"{end.namespace}/{end.labels.get('k8s-app', end.address)}"

    def run(self) -> None:
        while not self._stop.wait(PERIOD):
            try:
                self.look()
            except (AssertionError, OSError, KeyError, IndexError) as error:
                self.failures.append(str(error))  # the API server is stopped by a test; the next look sees again

    @contextmanager
    def running(self) -> Iterator["Recorder"]:
        thread = threading.Thread(target=self.run, name="flows", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join(30)
