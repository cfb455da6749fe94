"""Runs PostgreSQL and Kafka alone on a data folder, under the real supervisor: `python embedded.py DATA`."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from cli.instance import Instance, Setup
from cli.plan import infrastructure, port_names
from cli.ports import choose
from cli.supervisor.logs import Logs
from cli.supervisor.progress import Event
from cli.supervisor.records import end_stragglers
from cli.supervisor.spec import Plan
from cli.supervisor.supervisor import Supervisor


def main(data: Path) -> int:
    end_stragglers(data)
    instance = Instance(data)
    remembered = instance.setup.ports if instance.exists else {}
    instance.save(Setup(8080, {}, mail=False, ports=choose(port_names({}, mail=False), remembered)))
    events = (data / "events").open("a", buffering=1)

    def note(event: Event) -> None:
        events.write(json.dumps(asdict(event)) + "\n")

    with events:
        supervisor = Supervisor(Plan(infrastructure(instance)), data, Logs(instance.log_directory), note)
        return asyncio.run(supervisor.run())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
