"""`./mercato bench`: drives orders at a fixed rate and reports what came of it."""

import asyncio
import json
import sys
from pathlib import Path

import click

from cli.instance import Instance
from cli.platform.errors import PlatformError
from cli.targets import data_option


@click.command()
@click.option("--rate", type=click.FloatRange(min=0.1, max=5000), default=50.0, show_default=True, help="Orders/s.")
@click.option("--seconds", type=click.IntRange(1, 600), default=60, show_default=True, help="How long to send orders.")
@click.option(
    "--hanging",
    type=click.FloatRange(0, 0.9),
    default=0.0,
    show_default=True,
    help="Share of orders whose payment provider never answers; latencies are those of the others.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def bench(rate: float, seconds: int, hanging: float, as_json: bool, data: Path | None) -> None:
    """Drive orders through the gateway in an open loop; report rates, latencies and processor time.

    Latencies count from when each order was due. Beside them stand the floors of the machine, measured in the same run.
    """
    import uvloop  # noqa: PLC0415 - not for --help

    from cli.bench.load import Schedule  # noqa: PLC0415
    from cli.bench.run import bench as drive  # noqa: PLC0415

    instance = Instance.find(data)
    instance.require_running()

    def say(text: str) -> None:
        click.echo(f"{text} …", err=True)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(drive(instance, Schedule(rate, seconds, hanging), say))
    except PlatformError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(report.document(), indent=2) if as_json else "\n".join(report.lines()))
    if not report.ok:
        sys.exit(1)
