"""What the node's first process and the commands tell each other, through files in the cluster's folder.

`components.json` says how each component is; a file `stopped/<component>` asks for one to be stopped, and its absence
for it to run. A component that ended by itself stays down until it is stopped and started.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cli.files import write_atomically


@dataclass(frozen=True)
class State:
    """`state` is waiting, running, stopping, stopped or exited; `pid` is the one inside the node."""

    name: str
    state: str = "waiting"
    pid: int = 0
    code: int | None = None


def read(data: Path) -> list[State]:
    try:
        return [State(**entry) for entry in json.loads((data / "components.json").read_text())["components"]]
    except FileNotFoundError:
        return []


def write(data: Path, states: Sequence[State]) -> None:
    write_atomically(data / "components.json", json.dumps({"components": [asdict(state) for state in states]}))


def stop_request(data: Path, component: str) -> Path:
    return data / "stopped" / component
