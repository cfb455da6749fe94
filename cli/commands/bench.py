"""`./mercato bench`: drives orders at a fixed rate and reports what came of it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cli.instance import Instance
from cli.platform.errors import PlatformError
from cli.targets import data_option

if TYPE_CHECKING:
    from cli.bench.report import Report

RATE = click.FloatRange(min=0.1, max=5000)


class Rates(click.ParamType[tuple[float, ...]]):
    """`10,50` as numbers."""

    name = "R,R,…"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(float(RATE(part, param, ctx)) for part in str(value).split(","))


@click.command()
@click.option("--rate", type=RATE, default=50.0, show_default=True, help="Orders/s.")
@click.option("--rates", type=Rates(), help="Several rates one after the other, as in 10,50: one table.")
@click.option("--seconds", type=click.IntRange(1, 600), default=60, show_default=True, help="How long to send orders.")
@click.option(
    "--hanging",
    type=click.FloatRange(0, 0.9),
    default=0.0,
    show_default=True,
    help="Share of orders whose payment provider never answers; latencies are those of the others.",
)
@click.option("--capacity", is_flag=True, help="Search the highest rate held for 60 s with every backlog bounded.")
@click.option("--overload", type=click.FloatRange(1, 20), metavar="FACTOR", help="Drive so many times --rate instead.")
@click.option("--reads", is_flag=True, help="Read products and orders as fast as they are answered.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False, writable=True, resolve_path=True),
    metavar="FILE.svg",
    help="Draw latency over rate.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def bench(  # noqa: PLR0917 - click passes by name
    rate: float,
    rates: tuple[float, ...] | None,
    seconds: int,
    hanging: float,
    capacity: bool,
    overload: float | None,
    reads: bool,
    plot: Path | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Drive orders through the gateway in an open loop; report rates, latencies and processor time.

    Latencies count from when each order was due. Beside them stand the floors of the machine, measured in the same run.

    The whole picture in one table: --rates 10,50 --capacity --reads.
    """
    import uvloop  # noqa: PLC0415 - not for --help

    from cli.bench import bench as benches  # noqa: PLC0415
    from cli.bench.load import Schedule  # noqa: PLC0415

    if rates and overload:
        raise click.UsageError("--overload drives a multiple of --rate, or of what --capacity finds: leave --rates out")
    named = click.get_current_context().get_parameter_source("rate") is not ParameterSource.DEFAULT
    alone = () if overload or ((capacity or reads) and not named) else (rate,)
    if plot and not (rates or alone or capacity):
        raise click.UsageError("--plot draws rates that were driven: give --rate, --rates or --capacity")
    if plot and not plot.parent.is_dir():
        raise click.BadParameter(f"there is no folder {plot.parent}", param_hint="--plot")
    wishes = benches.Wishes(
        schedules=[Schedule(one, seconds, hanging) for one in rates or alone],
        capacity=capacity,
        overload=benches.Excess(overload, rate, seconds) if overload else None,
        reads=reads,
    )
    instance = Instance.find(data)
    instance.require_running()

    def say(text: str) -> None:
        click.echo(text, err=True)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(benches.bench(instance, wishes, say))
    except PlatformError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(found.document(), indent=2) if as_json else "\n".join(found.lines()))
    if plot:
        _draw(found.driven, plot)
    if not found.ok:
        sys.exit(1)


def _draw(runs: "list[Report]", path: Path) -> None:
    from cli.bench.plot import draw  # noqa: PLC0415 - not for --help

    try:
        draw(runs, path)
    except OSError as error:
        raise click.ClickException(f"the plot could not be written to {path}: {error.strerror}") from error
