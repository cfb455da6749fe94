"""What `up` does: checks, prepares the data folder, and runs the supervisor here or in the background."""

import asyncio
import logging
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click

from cli import ports
from cli.instance import Instance, Setup
from cli.plan import plan, port_names
from cli.supervisor import lock
from cli.supervisor.daemon import detach as fork
from cli.supervisor.daemon import listen
from cli.supervisor.logs import Logs
from cli.supervisor.progress import Event, Progress
from cli.supervisor.records import end_stragglers
from cli.supervisor.spec import StartError
from cli.supervisor.supervisor import Supervisor
from cli.terminal import Terminal

ROOM = 300 * 1024 * 1024
"""Bytes that must be free on the data folder's disk: a new PostgreSQL cluster, its log, and Kafka's."""


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for."""

    port: int
    replicas: dict[str, int]
    mail: bool
    postgres: str | None
    kafka: str | None


def launch(data: Path | None, wishes: Wishes, *, detach: bool) -> None:
    """Start the platform; returns when it is up (`detach`) or was stopped. Raises ClickException with a remedy."""
    instance = Instance(data.absolute()) if data else Instance.last_started()
    handle = _claim(instance)
    try:
        end_stragglers(instance.data)
        _prepare(instance, wishes)
        terminal = Terminal(instance, detached=detach)
        code = _in_background(instance, terminal, handle) if detach else _supervise(instance, terminal, handle)
    finally:
        handle.close()
    if code or not terminal.up:
        raise SystemExit(1)


def _claim(instance: Instance) -> TextIO:
    """The data folder, made if need be, and its lock."""
    folder = instance.data
    if folder.exists() and not instance.exists and not (folder / lock.NAME).exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} holds something else than Mercato's data: choose another --data")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return lock.acquire(folder)
    except lock.AlreadyRunning:
        url = f" at {instance.gateway_url}" if instance.exists else ""
        stop = instance.command("down")
        raise click.ClickException(f"Mercato already runs{url} on {folder}: stop it with {stop}") from None


def _prepare(instance: Instance, wishes: Wishes) -> None:
    if not ports.is_free(wishes.port):
        raise click.ClickException(f"port {wishes.port} is in use: stop what listens there or choose another --port")
    if shutil.disk_usage(instance.data).free < ROOM:
        raise click.ClickException(
            f"no space left on the disk of {instance.data} ({ROOM >> 20} MiB are needed): free some, then try again"
        )
    remembered = instance.setup.ports if instance.exists else {}
    chosen = ports.choose(port_names(wishes.replicas, mail=wishes.mail), remembered, avoid={wishes.port})
    instance.save(Setup(wishes.port, wishes.replicas, wishes.mail, chosen, wishes.postgres, wishes.kafka))
    for folder in (instance.log_directory, instance.mail_directory, instance.envoy_directory):
        folder.mkdir(exist_ok=True)
    instance.credentials  # noqa: B018 - made now, so that a full disk shows before anything runs
    instance.remember()


def _in_background(instance: Instance, terminal: Terminal, handle: TextIO) -> int:
    logs = Logs(instance.log_directory)
    logs.rotate()

    def run(progress: Progress) -> int:
        return _supervise(instance, progress, handle)

    pid, events = fork(run, logs.path("supervisor"), handle.fileno())
    started = False
    for event in listen(pid, events):
        terminal(event)
        started = started or event.kind == "started"
    if not started:
        os.waitpid(pid, 0)
        terminal.not_started()
    return 0 if started else 1


def _supervise(instance: Instance, progress: Progress, handle: TextIO) -> int:
    """Run the supervisor in this process until it is told to stop."""
    lock.sign(handle)
    logs = Logs(instance.log_directory)
    if isinstance(progress, Terminal):
        logs.rotate()
    _log_to(logs.path("supervisor"))
    try:
        supervisor = Supervisor(plan(instance), instance.data, logs, progress)
        return asyncio.run(supervisor.run())
    except StartError as error:
        progress(Event("failed", text=str(error)))
        return 1


def _log_to(path: Path) -> None:
    logging.basicConfig(
        filename=path,
        level=logging.INFO,
        format="%(asctime)s.%(msecs)03d %(levelname)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    logging.Formatter.converter = time.gmtime
