"""`./mercato test`: the tests, tier by tier."""

import sys
import tempfile
from pathlib import Path

import click

from cli.platform import tiers
from cli.platform.tiers import LINT, NAMES, TIERS, Outcome


@click.command()
@click.argument("wanted", metavar="[TIER]...", nargs=-1, type=click.Choice(NAMES))
@click.option("--long", is_flag=True, help="Also the tests that take minutes.")
def test(wanted: tuple[str, ...], long: bool) -> None:
    """Run the tests: lint, unit, contract, integration, end_to_end and cluster, or the TIERs named."""
    names = [name for name in NAMES if not wanted or name in wanted]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as folder:
        scratch = Path(folder)
        for name in names:
            click.secho(f"\n── {name} ──", bold=True)
            outcomes.append(tiers.lint() if name == LINT else tiers.run(TIERS[name], scratch, long=long))
        covered = tiers.coverage(scratch)
    summarize(outcomes, covered)
    if not all(outcome.ok for outcome in outcomes):
        sys.exit(1)


def summarize(outcomes: list[Outcome], covered: str | None) -> None:
    """Minutes and numbers by tier, what was left out and why, and one closing line."""
    click.echo()
    for outcome in outcomes:
        numbers = f"{outcome.passed} passed, {outcome.failed} failed, {sum(outcome.skipped.values())} skipped"
        trouble = f": {outcome.trouble}" if outcome.trouble else ""
        click.echo(f"{outcome.name:<12} {outcome.seconds / 60:5.1f} min  {numbers}{trouble}")
    click.echo(f"{'together':<12} {sum(outcome.seconds for outcome in outcomes) / 60:5.1f} min")
    if covered is not None:
        click.echo(f"coverage     {covered} % of lines and branches, by the test processes alone")
    for outcome in outcomes:
        for reason, count in outcome.skipped.items():
            click.echo(f"left out of {outcome.name}: {count}, because {reason}")
        if outcome.left_out:
            click.echo(f"left out of {outcome.name}: {outcome.left_out} long ones; run them with --long")
    failed = sum(outcome.failed or int(outcome.trouble is not None) for outcome in outcomes)
    skipped = sum(sum(outcome.skipped.values()) for outcome in outcomes)
    click.echo(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed, {skipped} skipped")
