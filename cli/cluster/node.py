"""The node's first process: makes its namespaces a node's, starts the components and says how they are.

Run as `python -m cli.cluster.node NAME DATA LISTENER TOOLS` in new mount, network and process namespaces. Being
process 1 there, it collects what orphans leave, and the kernel ends all of the node with it.
"""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cli.cluster import addresses, mounts, network, states, volumes
from cli.cluster.components import Component, components, environment
from cli.cluster.layout import RECORD
from cli.cluster.prerequisites import find
from cli.cluster.states import State
from cli.layout import CHECKOUT, PYTHON

TICK = 0.1
GRACE = 5.0
"""Seconds a component has to stop before it is killed."""


class Keeper:
    """Starts, stops and watches the components; does not start again what ended by itself."""

    def __init__(self, data: Path, wanted: list[Component], listener: int) -> None:
        self._data = data
        self._components = {component.name: component for component in wanted}
        self._states = {name: State(name) for name in self._components}
        self._listener = listener
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._deadlines: dict[str, float] = {}
        self._api_was_ready = False

    def run(self) -> None:
        """Until the cluster's folder is gone: a node that nobody can find any more ends."""
        shown: list[State] = []
        while (self._data / RECORD).exists():
            self._collect()
            self._steer()
            volumes.let_pods_write()
            if (now := list(self._states.values())) != shown:
                with suppress(OSError):  # a full disk ends no node; it is tried again
                    states.write(self._data, now)
                    shown = now
            time.sleep(TICK)

    def _collect(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for name, state in self._states.items():
                if state.pid == pid:
                    asked = state.state == "stopping"
                    code = os.waitstatus_to_exitcode(status)
                    self._processes[name].returncode = code
                    self._states[name] = replace(state, state="stopped" if asked else "exited", pid=0, code=code)

    def _steer(self) -> None:
        if not self._api_was_ready:
            self._api_was_ready = api_is_ready(self._data)
        for name, state in self._states.items():
            stop = states.stop_request(self._data, name).exists()
            match state.state:
                case "running" if stop:
                    os.kill(state.pid, signal.SIGTERM)
                    self._deadlines[name] = time.monotonic() + GRACE
                    self._states[name] = replace(state, state="stopping")
                case "stopping" if time.monotonic() > self._deadlines[name]:
                    os.kill(state.pid, signal.SIGKILL)
                case "waiting" | "exited" if stop:
                    self._states[name] = replace(state, state="stopped")
                case "waiting" | "stopped" if not stop and self._may_start(name):
                    self._start(name)
                case _:
                    pass

    def _may_start(self, name: str) -> bool:
        return self._api_was_ready or not self._components[name].needs_api

    def _start(self, name: str) -> None:
        component = self._components[name]
        with (self._data / "log" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                component.command,
                env={**environment(), **component.environment},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[self._listener] if name == "forwarder" else [],
            )
        self._processes[name] = process
        self._states[name] = State(name, "running", process.pid)


def api_is_ready(data: Path) -> bool:
    """Asked from inside the node, without a name."""
    context = ssl.create_default_context(cafile=str(data / "pki" / "ca.crt"))
    connection = http.client.HTTPSConnection("127.0.0.1", addresses.API_PORT, timeout=1.0, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(name: str, data: Path, listener: int, tools: Path) -> None:
    mounts.cover(data, [tools, CHECKOUT, Path(sys.prefix), Path(sys.base_prefix)])
    network.configure()

    def program(called: str) -> str:
        built = tools / called
        return str(built) if built.exists() else find(called) or called

    forwarder = Component(
        "forwarder",
        (str(PYTHON), "-P", "-m", "cli.cluster.forwarder", str(listener)),
        environment={"PYTHONPATH": str(CHECKOUT)},
    )
    socket.socket(fileno=listener).detach()  # fails here, rather than in the forwarder, on what is no socket
    Keeper(data, [*components(name, data, program), forwarder], listener).run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
