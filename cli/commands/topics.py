"""`./mercato topics`: topics, consumer lag, outbox backlog, dead letters."""

import json

import click

from cli.platform.sites import Internals
from cli.targets import on_internals


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@on_internals
def topics(as_json: bool, site: Internals) -> None:
    """Show topics with their partitions, consumer lag, outbox backlog and dead letters."""
    from cli.platform import topics as messaging  # noqa: PLC0415 - Kafka's client is not for --help
    from cli.platform.databases import Databases  # noqa: PLC0415
    from cli.platform.kafka import Kafka  # noqa: PLC0415

    with Databases(site) as databases:
        report = messaging.report(Kafka(site), databases)
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
