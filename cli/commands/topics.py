"""`./mercato topics`: topics, consumer lag, outbox backlog, dead letters."""

import json
from pathlib import Path

import click

from cli.instance import Instance, data_option
from cli.platform.client import PlatformError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def topics(as_json: bool, data: Path | None) -> None:
    """Show topics with their partitions, consumer lag, outbox backlog and dead letters."""
    from cli.platform import topics as messaging  # noqa: PLC0415 - Kafka's client is not for --help
    from cli.platform.databases import Databases  # noqa: PLC0415
    from cli.platform.kafka import Kafka  # noqa: PLC0415

    instance = Instance.find(data)
    instance.require_running()
    try:
        with Databases(instance) as databases:
            report = messaging.report(Kafka(instance.kafka_bootstrap), databases)
    except PlatformError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(report.document(), indent=2))
        return
    width = max(len(topic.name) for topic in report.topics) + 2 if report.topics else 10
    click.echo(f"{'TOPIC':<{width}}{'PARTITIONS':>10}{'MESSAGES':>10}  LAG BY GROUP")
    for topic in report.topics:
        lag = ", ".join(f"{group} {count}" for group, count in topic.lag.items()) or "-"
        click.echo(f"{topic.name:<{width}}{topic.partitions:>10}{topic.messages:>10}  {lag}")
    waiting = ", ".join(f"{service} {count}" for service, count in report.outbox.items())
    click.echo(f"\nOutbox backlog: {waiting}")
    click.echo(f"Open dead letters: {report.dead_letters}")
