"""`./mercato status`: the state of each process."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from cli.instance import Instance
from cli.targets import data_option


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the process table as JSON.")
@data_option
def status(as_json: bool, data: Path | None) -> None:
    """Show the state of each process."""
    instance = Instance.find(data)
    processes = instance.processes() if instance.running else []
    if as_json:
        click.echo(json.dumps({"processes": [asdict(process) for process in processes]}, indent=2))
        return
    if not instance.running:
        click.echo(f"Mercato in {instance.data} is not running; start it with {instance.command('up')}")
        return
    click.echo(f"Mercato at {instance.gateway_url} (data in {instance.data})\n")
    click.echo(f"{'PROCESS':<18}{'PID':>8}{'PORT':>8}  {'STATE':<10}RESTARTS")
    for process in processes:
        state = "ready" if process.ready else "not ready"
        click.echo(f"{process.name:<18}{process.pid or '-':>8}{process.port:>8}  {state:<10}{process.restarts}")
