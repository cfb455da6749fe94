"""Who opened connections to whom on the node while the tests ran, as its kernel saw them."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from cli.cluster import addresses
from tests.cluster.platform.network_policies import End
from tests.cluster.platform.release import Release, component, until

NODE = {addresses.NODE, str(next(ip_network(addresses.NODE_PODS).hosts()))}
"""The node's own address, and the one its pods see of it."""
PODS = {str(address) for address in ip_network(addresses.NODE_PODS).hosts()}
SERVICES = ip_network(addresses.SERVICES)
PERIOD = 3.0
"""Seconds between two looks; the kernel remembers a closed TCP connection for two minutes."""
_POD = '{.metadata.namespace}{" "}{.status.phase}{" "}{.status.podIP}{" "}{.metadata.labels}{"\\n"}'
_FIELD = re.compile(r"(src|dst|sport|dport)=(\S+)")


@dataclass(frozen=True)
class Connection:
    """`target` and `port` after the translation of Service addresses; `source` opened it."""

    source: str
    target: str
    port: int
    protocol: str


def connections(table: str) -> Iterator[Connection]:
    """Of /proc/net/nf_conntrack: an entry has the original direction, then the reply; its source is the real target.

    Where that is still the address of a Service, the Service was gone and nobody was reached.
    """
    for line in table.splitlines():
        protocol = line.split()[2].upper()
        found = _FIELD.findall(line)
        if protocol in {"TCP", "UDP"} and len(found) == 8 and ip_address(found[4][1]) not in SERVICES:
            yield Connection(found[0][1], found[4][1], int(found[6][1]), protocol)


class Recorder:
    """Keeps each connection between addresses, and which pod had which address while it was seen."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._stop = threading.Event()
        self.seen: dict[tuple[str, str, int, str], tuple[End, End]] = {}
        """(component or name of the source, of the target, port, protocol) → the two ends."""
        self._ends: dict[str, End] = {}
        """By address: pods that run, and those that did, since the kernel remembers them for a while."""
        self._watch: subprocess.Popen[str] | None = None
        self.unnamed: set[str] = set()
        """Addresses of pods that had gone before the first look, or before kubelet told whose they were."""
        self.looks = 0

    def look(self) -> None:
        process = self._release.cluster.process
        node = process.children()[0].pid if process else 0
        for each in connections(Path(f"/proc/{node}/net/nf_conntrack").read_text()):
            source, target = self._ends.get(each.source), self._ends.get(each.target)
            unnamed = {at for at, end in ((each.source, source), (each.target, target)) if end is None} & PODS - NODE
            if unnamed or (source is None and target is None):
                self.unnamed |= unnamed
                continue
            key = (self._name(source, each.source), self._name(target, each.target), each.port, each.protocol)
            self.seen.setdefault(key, (source or End(each.source), target or End(each.target)))
        self.looks += 1

    def _follow_pods(self) -> None:
        """Notes who has which address, however short its life; begins anew when the API server was away."""
        release = self._release
        labels = {each["metadata"]["name"]: each["metadata"]["labels"] for each in release.objects("namespaces")}
        while not self._stop.is_set():
            with subprocess.Popen(
                ["kubectl", "get", "pods", "-A", "--watch", f"-o=jsonpath={_POD}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=release.environment,
            ) as process:
                self._watch = process
                for line in process.stdout or ():
                    space, phase, address, own = line.rstrip("\n").split(" ", 3)
                    if address and (phase != "Succeeded" or address not in self._ends):
                        self._ends[address] = End(address, space, json.loads(own or "{}"), labels.get(space, {}))
            self._stop.wait(1)

    @staticmethod
    def _name(end: End | None, address: str) -> str:
        if end is None or end.labels is None:
            return address
        own: Any = {"metadata": {"labels": end.labels}}
        return component(own) or f"{end.namespace}/{end.labels.get('k8s-app', end.address)}"

    def run(self) -> None:
        while not self._stop.wait(PERIOD):
            self.look()

    @contextmanager
    def running(self) -> Iterator["Recorder"]:
        pods = threading.Thread(target=self._follow_pods, name="pods", daemon=True)
        looks = threading.Thread(target=self.run, name="flows", daemon=True)
        pods.start()
        until(lambda: self._ends, 30, "the pods are known")
        looks.start()
        try:
            yield self
        finally:
            self._stop.set()
            if self._watch is not None:
                self._watch.terminate()
            pods.join(30)
            looks.join(30)
