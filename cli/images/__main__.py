"""`python -m cli.images [NAME…]` builds images and says where their archive is."""

import json

import click

from cli.images.build import build
from cli.images.catalogue import IMAGES, NAMES


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--registry", help="Before the images' names; default: the chart's.")
@click.option("--tag", help="Default: the chart's.")
@click.option("--matrix", is_flag=True, help="Only print what there is to build, as the matrix of a workflow.")
def main(names: tuple[str, ...], registry: str | None, tag: str | None, *, matrix: bool) -> None:
    """Build the platform's images, all of them by default, where what they are made of has changed."""
    if matrix:
        click.echo(json.dumps(rows()))
        return
    for archive in build(names, tag, registry, lambda line: click.echo(line, err=True)):
        click.echo(archive)


def rows() -> list[dict[str, str]]:
    """Each image with its Dockerfile and, a line each, its build arguments."""
    return [
        {
            "name": image.name,
            "dockerfile": image.dockerfile,
            "arguments": "\n".join(f"{name}={value}" for name, value in image.arguments.items()),
        }
        for image in IMAGES
    ]


if __name__ == "__main__":
    main()
