"""`./mercato token`: a bearer token, and nothing else on stdout."""

import asyncio

import click

from cli.platform.accounts import Accounts, admin_token, customer_token
from cli.platform.client import connected
from cli.platform.sites import Entry
from cli.targets import on_entry


@click.command()
@click.option("--email", help="Customer to sign in as; signed up on first use. Default: this platform's demo customer.")
@click.option("--role", type=click.Choice(["customer", "admin"]), default="customer", show_default=True)
@on_entry
def token(email: str | None, role: str, site: Entry) -> None:
    """Print a bearer token for the API."""
    if role == "admin" and email:
        raise click.UsageError("--role admin signs in the platform's own admin: leave --email out")
    click.echo(asyncio.run(_token(site, email, role)))


async def _token(site: Entry, email: str | None, role: str) -> str:
    async with connected(site) as client:
        if role == "admin":
            return (await admin_token(client, site.admin)).access
        return (await customer_token(client, Accounts(site.accounts_folder), email)).access
