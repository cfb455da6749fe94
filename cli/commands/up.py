"""`./mercato up`: the whole platform on this machine."""

from pathlib import Path

import click

from cli.replicas import Replicas
from cli.targets import data_option


@click.command()
@click.option("--detach", is_flag=True, help="Return once everything is ready; the platform goes on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port of the gateway.")
@click.option("--replicas", type=Replicas(), multiple=True, help="Run N of a service, as in order=2; repeatable.")
@click.option("--no-mail", is_flag=True, help="Leave the mail catcher out; messages are recorded, not mailed.")
@click.option("--postgres", metavar="URL", help="Use this PostgreSQL (postgresql://SUPERUSER:…) instead of our own.")
@click.option("--kafka", metavar="BOOTSTRAP", help="Use this Kafka (HOST:PORT,…) instead of our own.")
@data_option
def up(  # noqa: PLR0917 - click passes by name
    detach: bool,
    port: int,
    replicas: tuple[tuple[str, int], ...],
    no_mail: bool,
    postgres: str | None,
    kafka: str | None,
    data: Path | None,
) -> None:
    """Start PostgreSQL, Kafka, Envoy and every service as processes on this machine, and keep them running.

    Data survives a restart. Ctrl-C (or `down`) stops all of it.
    """
    from cli import launch  # noqa: PLC0415 - not for --help

    check_addresses(postgres, kafka)
    wishes = launch.Wishes(port, dict(replicas), not no_mail, postgres, kafka)
    launch.launch(data, wishes, detach=detach)


def check_addresses(postgres: str | None, kafka: str | None) -> None:
    """Wrong usage (exit code 2) for what cannot be an address."""
    if postgres is not None and not postgres.startswith(("postgresql://", "postgres://")):
        raise click.BadParameter("must look like postgresql://user:password@host:5432", param_hint="--postgres")
    brokers = (kafka or "host:1").split(",")
    if not all(host and port.isdigit() for host, _, port in (broker.rpartition(":") for broker in brokers)):
        raise click.BadParameter("must look like host:9092 or host1:9092,host2:9092", param_hint="--kafka")
