"""What `up` prints: a line for each part that is ready, then where everything is."""

import click

from cli.instance import Instance
from cli.supervisor.progress import Event


class Terminal:
    """Progress for a person; errors go to stderr."""

    def __init__(self, instance: Instance, *, detached: bool) -> None:
        self._instance = instance
        self._detached = detached
        self.up = False
        """Whether everything was ready once."""
        self._failed = False

    def __call__(self, event: Event) -> None:
        match event.kind:
            case "working":
                click.echo(f"  {event.name:<18} {event.text}")
            case "ready" if not self.up:
                click.echo(f"  {event.name:<18} ready {event.seconds:6.1f} s")
            case "restarting":
                click.echo(f"  {event.name:<18} {event.text}; starting it again", err=True)
            case "started":
                self.up = True
                self._say_where(event.seconds)
            case "stopping":
                click.echo("Stopping …")
            case "failed":
                self._failed = True
                for line in event.log:
                    click.echo(f"  {event.name} | {line}", err=True)
                click.echo(f"Error: {self._remedied(event)}", err=True)
            case _:
                pass

    def not_started(self) -> None:
        """The supervisor ended without having started the platform."""
        if not self._failed:
            log = self._instance.log_directory / "supervisor.log"
            click.echo(f"Error: stopped before it was up (see {log}); start again with ./mercato up", err=True)

    def _remedied(self, event: Event) -> str:
        if any("No space left on device" in line for line in [event.text, *event.log]):
            return f"{event.name}: no space left on the disk of {self._instance.data}: free some, then try again"
        log = self._instance.log_directory / f"{event.name}.log"
        return f"{event.text} (its log: {log})" if event.log else event.text

    def _say_where(self, seconds: float) -> None:
        instance = self._instance
        click.echo(f"\nMercato is up after {seconds:.1f} s.\n")
        click.echo(f"  Gateway   {instance.gateway_url}")
        click.echo(f"  API docs  {instance.docs_url}")
        if instance.mail_url:
            click.echo(f"  Mailbox   {instance.mail_url}")
        click.echo(f"\nTry {instance.command('demo')}")
        stop = instance.command("down") if self._detached else "Ctrl-C"
        click.echo(f"Stop it with {stop}")
