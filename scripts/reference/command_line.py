"""The command line, as `--help` tells it."""

from collections.abc import Iterator

import click

from cli.main import COMMANDS, cli
from scripts.reference import GENERATED

WIDTH = 110

INTRO = f"""\
# Command line

{GENERATED}

`./mercato` makes `.venv` from the lock on first use and whenever the lock changes, then runs the command. `test` adds
the development tools to it. Exit codes: 0 done, 1 failed, 2 wrong usage. An error is one line that names the remedy.

Without `--data` a command means the instance last started from this checkout; the first one is in `.mercato/data`.
At `up`, `--port` and `--replicas` hold for one run: they are given again at the next `up`.

With `--namespace` a command acts on the Mercato in that namespace of the cluster that kubectl means (KUBECONFIG, else
`~/.kube/config`). `token` and `demo` go through the gateway, which kubectl forwards; customers made by `token` are
remembered in `.mercato/namespaces`. The others run in a pod there that is made for them and deleted afterwards:
[look inside](../how-to/install-on-kubernetes.md#look-inside).

`up` passes the caller's `MERCATO_…` and `OTEL_…` variables on to every service, except those it sets itself: names,
ports, addresses and secrets.
"""


def page() -> str:
    """The page."""
    context = click.Context(cli, info_name="./mercato", max_content_width=WIDTH, terminal_width=WIDTH)
    commands = (cli.get_command(context, name) for name in COMMANDS)
    return "".join([INTRO, *(part for command in commands if command for part in _parts(command, context))])


def _parts(command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(
        command,
        info_name=command.name,
        parent=parent,
        max_content_width=WIDTH,
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield f"\n## {context.command_path.removeprefix('./mercato ')}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (inner := command.get_command(context, name)) is not None:
                yield from _parts(inner, context)
