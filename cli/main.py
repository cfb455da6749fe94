"""The command group. A command is a file `cli/commands/<name>.py` (`-` becomes `_`) with a click command of that name.

To add one: write the file and put its name and one line of help into `COMMANDS`. Only the command that runs is
imported, so `--help` and every other command stay fast.
"""

import errno
from importlib import import_module
from importlib.util import find_spec

import click

COMMANDS = {
    "up": "Start the whole platform on this machine.",
    "status": "Show the state of each process.",
    "logs": "Print the logs of the processes.",
    "down": "Stop the platform.",
    "demo": "Place an order and print its life step by step.",
    "token": "Print a bearer token.",
    "topics": "Show topics, consumer lag and outbox backlog.",
    "dead-letters": "List, show, replay and discard messages that could not be handled.",
    "invariants": "Check what always holds on what is stored.",
    "bench": "Drive orders; report rates, latencies and processor time.",
    "cluster": "A Kubernetes cluster for development.",
    "test": "Run the tests.",
}


class Commands(click.Group):
    """Loads a command by name when it is used; turns operating system errors into one line.

    There may be fewer than `COMMANDS`: the toolbox holds only those that work inside a cluster.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [name for name in COMMANDS if find_spec(_module(name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(import_module(_module(cmd_name)), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output left; click ends quietly
                raise
            raise click.ClickException(explain(error)) from error


def _module(name: str) -> str:
    return f"cli.commands.{name.replace('-', '_')}"


def explain(error: OSError) -> str:
    """One line that names the remedy for an operating system error nobody handled nearer to its cause."""
    where = error.filename or "the data folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left on the disk of {where}: free some, then try again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"not allowed to use {where}: change its permissions or choose another folder with --data"
    return f"{error.strerror or error}: {where}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Mercato: an order platform that survives failure, on this machine.

    Start with `up`, then try `demo`.
    """
