"""`python -m cli.images [NAME…]` builds images and says where their archive is."""

import click

from cli.images.build import build
from cli.images.catalogue import NAMES


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--registry", help="Before the images' names; default: the chart's.")
@click.option("--tag", help="Default: the chart's.")
def main(names: tuple[str, ...], registry: str | None, tag: str | None) -> None:
    """Build the platform's images, all of them by default, where what they are made of has changed."""
    for archive in build(names, tag, registry, lambda line: click.echo(line, err=True)):
        click.echo(archive)


main()
