"""`./mercato token`: a bearer token, and nothing else on stdout."""

import asyncio
from pathlib import Path

import click

from cli.instance import Instance, data_option
from cli.platform.accounts import Accounts, admin_token, customer_token
from cli.platform.client import PlatformError, connected


@click.command()
@click.option("--email", help="Customer to sign in as; signed up on first use. Default: this instance's demo customer.")
@click.option("--role", type=click.Choice(["customer", "admin"]), default="customer", show_default=True)
@data_option
def token(email: str | None, role: str, data: Path | None) -> None:
    """Print a bearer token for the API."""
    if role == "admin" and email:
        raise click.UsageError("--role admin signs in the instance's own admin: leave --email out")
    instance = Instance.find(data)
    instance.require_running()
    try:
        click.echo(asyncio.run(_token(instance, email, role)))
    except PlatformError as error:
        raise click.ClickException(str(error)) from error


async def _token(instance: Instance, email: str | None, role: str) -> str:
    async with connected(instance.gateway_url) as client:
        if role == "admin":
            return (await admin_token(client, instance)).access
        return (await customer_token(client, Accounts(instance.secrets_directory), email)).access
