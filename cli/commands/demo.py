"""`./mercato demo`: one order from sign-up to the confirmation message."""

import asyncio

import click

from cli.platform import demo as story
from cli.platform.client import connected
from cli.platform.sites import Entry
from cli.targets import on_entry


@click.command()
@on_entry
def demo(site: Entry) -> None:
    """Sign up a customer, place an order, and print its life step by step and the confirmation message."""
    asyncio.run(_demo(site))


async def _demo(site: Entry) -> None:
    async with connected(site) as client:
        await story.demo(client, site, click.echo)
