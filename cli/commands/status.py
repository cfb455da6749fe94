"""`./mercato status`: the state of each process, and whether every new order is taken."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.instance import Instance
from cli.supervisor.probes import TIMEOUT, get
from cli.supervisor.table import Process
from cli.targets import data_option


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the process table as JSON.")
@data_option
def status(as_json: bool, data: Path | None) -> None:
    """Show the state of each process, and whether every new order is taken."""
    instance = Instance.find(data)
    processes = instance.processes() if instance.running else []
    said = asyncio.run(_readiness(processes))
    admission = {name: body.get("admission") for name, body in said.items() if _is_order(name, processes)}
    reasons = {name: body["reasons"] for name, body in said.items() if body.get("reasons")}
    if as_json:
        found: dict[str, Any] = {"processes": [asdict(process) for process in processes]}
        more = {name: told for name, told in (("reasons", reasons), ("admission", admission)) if told}
        click.echo(json.dumps(found | more, indent=2))
        return
    if not instance.running:
        click.echo(f"Mercato in {instance.data} is not running; start it with {instance.command('up')}")
        return
    click.echo(f"Mercato at {instance.gateway_url} (data in {instance.data})\n")
    click.echo(f"{'PROCESS':<18}{'PID':>8}{'PORT':>8}  {'STATE':<10}RESTARTS")
    for process in processes:
        state = "ready" if process.ready else "not ready"
        click.echo(f"{process.name:<18}{process.pid or '-':>8}{process.port:>8}  {state:<10}{process.restarts}")
    for name, why in reasons.items():
        click.echo(f"\n{name} is not ready: {'; '.join(why.values())}")
    for replica, state_of in admission.items():
        click.echo(f"\n{replica}: {_told(state_of)}")


def _is_order(name: str, processes: list[Process]) -> bool:
    return any(process.name == name and process.service == "order" for process in processes)


async def _readiness(processes: list[Process]) -> dict[str, dict[str, Any]]:
    """What the replicas of the order service, and all that are not ready, say of themselves; {} for no answer."""
    asked = [process for process in processes if process.service == "order" or not process.ready]
    answers = await asyncio.gather(*(_asked(process) for process in asked))
    return {process.name: answer for process, answer in zip(asked, answers, strict=True)}


async def _asked(process: Process) -> dict[str, Any]:
    try:
        async with asyncio.timeout(TIMEOUT):
            _, body = await get(process.host, process.port, "/readyz")
        return dict(json.loads(body))
    except (OSError, TimeoutError, ValueError):
        return {}


def _told(state: dict[str, Any] | None) -> str:
    if state is None:
        return "does not say whether it takes new orders"
    if state["state"] == "open":
        return "takes every new order"
    return f"takes {state['orders_per_second']} new orders/s, for work waits {state['wait_seconds']} s"
