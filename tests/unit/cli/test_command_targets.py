"""Which platform a command acts on: `--data` or `--namespace`, and the words that are passed on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli.main import cli
from cli.platform import toolbox
from cli.targets import words

COMMANDS = [
    ["token"],
    ["demo"],
    ["topics"],
    ["invariants"],
    ["dead-letters", "list"],
    ["dead-letters", "show", "a/0/0"],
    ["dead-letters", "replay", "--all"],
    ["dead-letters", "discard", "a/0/0"],
]


@pytest.fixture
def run() -> Callable[..., Any]:
    return lambda *arguments: CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_folder_and_a_namespace_together_are_wrong_usage(
    run: Callable[..., Any], command: list[str], tmp_path: Path
) -> None:
    result = run(*command, "--data", str(tmp_path), "--namespace", "shop")
    assert result.exit_code == 2
    error = "Error: --data means a platform on this machine, --namespace one in a cluster: give one"
    assert result.stderr.splitlines()[-1] == error


@pytest.mark.parametrize("namespace", ["Shop", "-x", "a b", "a.b", "x" * 64, ""])
def test_what_cannot_be_a_namespace_is_wrong_usage(run: Callable[..., Any], namespace: str) -> None:
    result = run("topics", "--namespace", namespace)
    assert result.exit_code == 2
    assert "lower-case letters, digits and dashes, up to 63" in result.stderr


@pytest.mark.parametrize("option", [["--namespace", "shop"], ["--data", "."]])
def test_the_toolbox_looks_at_no_other_platform(
    run: Callable[..., Any], option: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCATO_TOOLBOX_NAMESPACE", "shop")
    result = run("topics", *option)
    assert result.exit_code == 2
    assert "leave --data and --namespace out" in result.stderr


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        (["topics"], ["topics"]),
        (["topics", "--json"], ["topics", "--json"]),
        (["invariants"], ["invariants"]),
        (["invariants", "--wait", "5"], ["invariants", "--wait", "5.0"]),
        (["invariants", "--wait", "0", "--json"], ["invariants", "--json", "--wait", "0.0"]),
        (["dead-letters", "list"], ["dead-letters", "list"]),
        (["dead-letters", "show", "a/0/0"], ["dead-letters", "show", "--", "a/0/0"]),
        (["dead-letters", "replay", "a/0/0", "b/0/1"], ["dead-letters", "replay", "--", "a/0/0", "b/0/1"]),
        (["dead-letters", "discard", "--all"], ["dead-letters", "discard", "--all"]),
    ],
)
def test_the_same_command_line_runs_in_the_toolbox_and_its_exit_code_is_ours(
    run: Callable[..., Any], given: list[str], passed_on: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[str, list[str]]] = []

    def mercato(namespace: str, passed: list[str]) -> int:
        called.append((namespace, passed))
        return 7

    monkeypatch.setattr(toolbox, "mercato", mercato)
    assert run(*given, "--namespace", "shop").exit_code == 7
    [(namespace, passed)] = called
    assert namespace == "shop"
    assert passed == passed_on


def test_an_argument_that_looks_like_an_option_stays_an_argument() -> None:
    @click.command("x")
    @click.argument("ids", nargs=-1)
    @click.option("--named")
    @click.pass_context
    def command(context: click.Context, ids: tuple[str, ...], named: str | None) -> None:
        click.echo(" ".join(words(context)))

    group = click.Group("mercato", {"x": command})
    assert CliRunner().invoke(group, ["x", "--named", "n", "--", "-a"]).output == "x --named n -- -a\n"
