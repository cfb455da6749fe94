"""Which platform a command acts on: `--data` and `--namespace`, and the handle that the command gets for them."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from cli.platform.errors import PlatformError
from cli.platform.inside import Inside
from cli.platform.sites import Entry, Internals

Command = Callable[..., None]

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1123, section 2.1, in lower case."""


def data_option(function: click.decorators.FC) -> click.decorators.FC:
    """The `--data DIR` option every command takes; passes `data: Path | None` for `Instance.find`."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
        metavar="DIR",
        help="Data folder of the instance. Default: the one last started from this checkout.",
    )(function)


def namespace_option(function: click.decorators.FC) -> click.decorators.FC:
    """The `--namespace NS` option; passes `namespace: str | None`."""
    return click.option(
        "--namespace",
        metavar="NS",
        callback=_namespace,
        help="Act on the Mercato in this namespace of the cluster that kubectl means, instead of one on this machine.",
    )(function)


def _namespace(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _NAMESPACE.fullmatch(value):
        raise click.BadParameter("lower-case letters, digits and dashes, up to 63")
    return value


def on_entry(function: Command) -> Command:
    """For a command that goes through the gateway: adds both options; the command gets `site: Entry`."""

    def reached(namespace: str) -> AbstractContextManager[Entry]:
        from cli.platform.namespaces import entered  # noqa: PLC0415 - not for --help

        return entered(namespace)

    return _targeted(function, reached)


def on_internals(function: Command) -> Command:
    """For a command that reads Kafka and the databases: adds both options; the command gets `site: Internals`.

    With `--namespace` the same command line runs in the toolbox there, and this process ends with its exit code.
    """

    def passed_on(namespace: str) -> AbstractContextManager[Internals]:
        from cli.platform.toolbox import mercato  # noqa: PLC0415 - not for --help

        raise SystemExit(mercato(namespace, words(click.get_current_context())))

    return _targeted(function, passed_on)


def _targeted(function: Command, in_cluster: Callable[[str], AbstractContextManager[Any]]) -> Command:
    @wraps(function)
    def command(data: Path | None, namespace: str | None, **arguments: Any) -> None:
        if (data or namespace) and Inside.here():
            raise click.UsageError("the toolbox looks at the platform around it: leave --data and --namespace out")
        if data and namespace:
            raise click.UsageError("--data means a platform on this machine, --namespace one in a cluster: give one")
        try:
            with in_cluster(namespace) if namespace else nullcontext(_here(data)) as site:
                function(site=site, **arguments)
        except PlatformError as error:
            raise click.ClickException(str(error)) from error

    return data_option(namespace_option(command))


def _here(data: Path | None) -> Any:
    """The running instance on this machine; in the toolbox, the platform around it."""
    if inside := Inside.here():
        return inside
    from cli.instance import Instance  # noqa: PLC0415 - the toolbox has none

    instance = Instance.find(data)
    instance.require_running()
    return instance


def words(context: click.Context) -> list[str]:
    """The command line of a command, but for `--data` and `--namespace`, and for options left at their default."""
    commands: list[str] = []
    at: click.Context | None = context
    while at is not None and at.parent is not None:
        commands.insert(0, str(at.command.name))
        at = at.parent
    options, arguments = [], []
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        if isinstance(parameter, click.Argument):
            arguments += [str(one) for one in (value if isinstance(value, tuple) else [value])]
        elif name not in {"data", "namespace"} and context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            options += [parameter.opts[0]] if value is True else [parameter.opts[0], str(value)]
    return [*commands, *options, *(["--", *arguments] if arguments else [])]
