"""`./mercato logs`: what the processes wrote, merged by time or of one service."""

from pathlib import Path

import click

from cli.instance import Instance
from cli.targets import data_option


@click.command()
@click.argument("service", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is written.")
@data_option
def logs(service: str | None, follow: bool, data: Path | None) -> None:
    """Print the logs of all processes, or of one SERVICE with its replicas."""
    from cli import log_reading  # noqa: PLC0415 - not for --help

    instance = Instance.find(data)
    files = sorted(instance.log_directory.glob("*.log"))
    if service:
        known = [file.stem for file in files]
        files = [file for file in files if log_reading.belongs(file.stem, service)]
        if not files:
            raise click.BadParameter(f"no log of {service!r}: one of {', '.join(known)}", param_hint="SERVICE")
    show = log_reading.labelled if len(files) > 1 else log_reading.plain
    for name, line in log_reading.merged(files):
        click.echo(show(name, line))
    if follow:
        try:
            for name, line in log_reading.followed(files):
                click.echo(show(name, line))
        except KeyboardInterrupt:
            return
