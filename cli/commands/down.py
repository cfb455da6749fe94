"""`./mercato down`: stop the platform, and wait until every process is gone."""

import os
import shutil
import signal
import time
from pathlib import Path

import click

from cli.instance import Instance
from cli.layout import LAST_STARTED
from cli.supervisor.records import end_stragglers
from cli.targets import data_option

TIMEOUT = 90.0
"""Seconds: longer than the longest chain of processes that must be killed after their grace."""


@click.command()
@click.option("--purge", is_flag=True, help="Also delete the data folder with everything in it.")
@data_option
def down(purge: bool, data: Path | None) -> None:
    """Stop the platform and wait until every process is gone."""
    instance = Instance.find(data)
    pid = instance.supervisor_pid
    if pid is not None:
        _stop(instance, pid)
    left = end_stragglers(instance.data)
    if pid is not None:
        click.echo("Mercato is stopped.")
    elif left:
        click.echo(f"Ended {left} processes that a killed supervisor had left.")
    else:
        click.echo(f"Mercato in {instance.data} is not running.")
    if purge:
        _purge(instance)


def _stop(instance: Instance, pid: int) -> None:
    if pid:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + TIMEOUT
    while instance.running:
        if time.monotonic() > deadline:
            raise click.ClickException(f"it did not stop within {TIMEOUT:.0f} s: end the supervisor with kill -9 {pid}")
        time.sleep(0.05)


def _purge(instance: Instance) -> None:
    """`Instance.find` has seen that the folder is Mercato's."""
    shutil.rmtree(instance.data)
    if LAST_STARTED.exists() and Path(LAST_STARTED.read_text().strip()) == instance.data:
        LAST_STARTED.unlink()
    click.echo(f"Deleted {instance.data}.")
