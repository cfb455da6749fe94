"""`./mercato cluster`: a Kubernetes cluster for development."""

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from cli.cluster import kind, load, prerequisites, report, single_node, tools
from cli.cluster.layout import DEFAULT_NAME, Cluster
from cli.cluster.lock import exclusive

name_option = click.option("--name", default=DEFAULT_NAME, show_default=True, help="Several run side by side by name.")
data_option = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the cluster [.mercato/cluster/NAME]."
)


@click.group()
def cluster() -> None:
    """A Kubernetes cluster for development.

    kind where Docker or Podman answers; else, on Linux as root, a single node of its own from the upstream programs.
    """


@cluster.command()
@name_option
@data_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port of 127.0.0.1 for the API server [a free one].")
@click.option(
    "--install/--no-install",
    default=lambda: os.environ.get("CI") == "true",
    help="Install missing packages with apt-get [only where CI=true].",
)
def up(name: str, data: Path | None, port: int | None, install: bool) -> None:
    """Start the cluster and wait until it is ready."""
    found = Cluster.find(name, data)
    _require_ours(found)
    started = time.monotonic()
    record = found.record
    if found.running and record is not None and record.ready:
        click.echo(f"Cluster {found.name} is already running.")
    else:
        _start(found, port or 0, install)
        click.echo(f"Cluster {found.name} is up after {time.monotonic() - started:.1f} s.")
    click.echo(f"\nexport KUBECONFIG={found.kubeconfig}\nexport PATH={found.tools}:$PATH")


def _start(found: Cluster, port: int, install: bool) -> None:
    provider = kind.engine()
    if provider is None:
        prerequisites.require_linux_root()
        built = all(tool.built for tool in tools.SINGLE_NODE)
        prerequisites.require_packages(install=install, tools_built=built)
    for tool in tools.SINGLE_NODE if provider is None else kind.NEEDED:
        tools.build(tool, _progress)
    with exclusive(found.lock_file, f"cluster {found.name}"):
        if provider is None:
            single_node.up(found, port, _progress)
        else:
            kind.up(found, provider, _progress)


def _progress(line: str) -> None:
    click.echo(f"  {line}")


def _require_ours(found: Cluster) -> None:
    if found.data.exists() and not found.record_file.exists() and any(found.data.iterdir()):
        raise click.ClickException(f"{found.data} is not a cluster's folder: choose another with --data")


@cluster.command()
@name_option
@data_option
def down(name: str, data: Path | None) -> None:
    """End the cluster and delete everything of it."""
    found = Cluster.find(name, data)
    record = found.record
    with exclusive(found.lock_file, f"cluster {found.name}"):
        if record is not None and record.backend == "kind":
            kind.down(found)
        else:
            single_node.down(found)
    click.echo(f"Cluster {found.name} is gone." if record else f"There is no cluster {found.name}.")


@cluster.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@name_option
@data_option
def status(as_json: bool, name: str, data: Path | None) -> None:
    """Show the node, pods that are not ready, and where the API server is. Exit code 1 when it is not running."""
    found = Cluster.find(name, data)
    if not found.running:
        text = json.dumps({"name": found.name, "running": False}) if as_json else _not_running(found)
        click.echo(text)
        sys.exit(1)
    seen = report.report(found)
    if as_json:
        where = {"name": found.name, "running": True, "kubeconfig": str(found.kubeconfig), "tools": str(found.tools)}
        click.echo(json.dumps({**where, "healthy": seen.healthy, **asdict(seen)}, indent=2))
    else:
        click.echo("\n".join(report.lines(found, seen)))
    sys.exit(0 if seen.healthy else 1)


def _not_running(found: Cluster) -> str:
    how = "was ended from outside" if found.record else "is not running"
    return f"Cluster {found.name} {how}; start it with {found.command('up')}"


@cluster.command(name="load")
@click.argument("images", nargs=-1)
@name_option
@data_option
def load_images(images: tuple[str, ...], name: str, data: Path | None) -> None:
    """Build the images (or only IMAGES) and put them in under the chart's default names and tag.

    An IMAGE that is a file is taken as an image archive and put in as it is.
    """
    found = Cluster.find(name, data)
    found.require_running()
    archives = [Path(image) for image in images if Path(image).is_file()]
    wanted = [image for image in images if not Path(image).is_file()]
    if wanted or not images:
        from cli.images.build import build  # noqa: PLC0415 - the other commands do without

        archives += build(wanted, say=_progress)
    for path in archives:
        _progress(f"importing {path.name}")
        load.import_archive(found, path)
    for namespace in load.installed_in(found):
        click.echo(
            f"Pods that run in {namespace} keep the images they have. To change them:\n"
            f"kubectl -n {namespace} rollout restart deployment,statefulset"
        )
