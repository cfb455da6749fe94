"""`./mercato demo`: one order from sign-up to the confirmation message."""

import asyncio
from pathlib import Path

import click

from cli.instance import Instance, data_option
from cli.platform import demo as story
from cli.platform.client import PlatformError, connected


@click.command()
@data_option
def demo(data: Path | None) -> None:
    """Sign up a customer, place an order, and print its life step by step and the confirmation message."""
    instance = Instance.find(data)
    instance.require_running()
    try:
        asyncio.run(_demo(instance))
    except PlatformError as error:
        raise click.ClickException(str(error)) from error


async def _demo(instance: Instance) -> None:
    async with connected(instance.gateway_url) as client:
        await story.demo(client, instance.mail_url, click.echo)
