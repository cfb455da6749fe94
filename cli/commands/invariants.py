"""`./mercato invariants`: what always holds, checked on what is stored."""

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from cli.platform.sites import Internals
from cli.targets import on_internals

if TYPE_CHECKING:
    from cli.invariants.check import Report
    from cli.invariants.in_flight import InFlight

SHOWN = 50
"""Violations of one statement that are printed for people; JSON has all."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Seconds to wait for what is in flight.",
)
@on_internals
def invariants(as_json: bool, seconds: float, site: Internals) -> None:
    """Check what always holds on the databases, all topics, the provider's ledger and the mailbox."""
    from cli.invariants.check import check  # noqa: PLC0415 - Kafka's client is not for --help

    started = time.monotonic()
    report = check(site, seconds, _progress)
    if as_json:
        click.echo(json.dumps(report.document(), indent=2))
    else:
        _print(report, time.monotonic() - started)
    if not report.ok:
        sys.exit(1)


def _progress(found: "InFlight") -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[Kwaiting for {found}\r", nl=False, err=True)


def _print(report: "Report", seconds: float) -> None:
    from cli.invariants.check import TITLES  # noqa: PLC0415

    if sys.stderr.isatty():
        click.echo("\033[K", nl=False, err=True)
    for number, title in TITLES.items():
        broken = [violation for violation in report.violations if violation.statement == number]
        verdict = click.style("violated", fg="red", bold=True) if broken else click.style("holds", fg="green")
        click.echo(f"{number}. {title}: {verdict}")
        for violation in broken[:SHOWN]:
            click.echo(f"     {violation.order_id or '-'}: {violation.detail}")
        if len(broken) > SHOWN:
            click.echo(f"     and {len(broken) - SHOWN} more; --json prints them all")
    for part in report.left_out:
        click.echo(f"left out: {part}")
    outcome = "no violation" if report.ok else f"{len(report.violations)} violations"
    click.echo(f"\n{report.orders} orders, {report.in_flight} in flight, {outcome} ({seconds:.1f} s)")
