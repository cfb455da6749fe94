"""`./mercato dead-letters`: messages that could not be handled, and putting them back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.instance import Instance, data_option
from cli.platform.client import PlatformError
from cli.platform.letters import ERROR, FAILED_AT, Letter
from cli.platform.masking import masked

if TYPE_CHECKING:
    from cli.platform.letter_box import LetterBox

all_option = click.option("--all", "everything", is_flag=True, help="All open dead letters.")


@click.group("dead-letters")
def dead_letters() -> None:
    """List, show, replay and discard messages that could not be handled."""


@dead_letters.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def list_letters(as_json: bool, data: Path | None) -> None:
    """List the open dead letters."""
    with letter_box(data) as (box, _):
        letters = box.open()
    if as_json:
        click.echo(json.dumps({"items": [summary(letter) for letter in letters]}, indent=2))
        return
    if not letters:
        click.echo("No dead letters.")
        return
    for letter in letters:
        key = (letter.key or b"-").decode(errors="replace")
        click.echo(f"{click.style(letter.id, bold=True)}  {letter.headers.get(FAILED_AT, '-')}")
        click.echo(f"    {letter.type} of {key}: {letter.reason or '-'}: {letter.headers.get(ERROR, '-')}")


@dead_letters.command()
@click.argument("letter_id", metavar="ID")
@data_option
def show(letter_id: str, data: Path | None) -> None:
    """Show one with its headers and its data; payment tokens are masked."""
    with letter_box(data) as (box, _):
        letters, outcomes = box.all()
    letter = next((letter for letter in letters if letter.id == letter_id), None)
    if letter is None:
        raise click.ClickException(f"there is no dead letter {letter_id}: see ./mercato dead-letters list")
    click.echo(f"{letter.id}  ({outcomes.get(letter.id, 'open')})")
    click.echo(f"key: {(letter.key or b'').decode(errors='replace')}")
    for name, value in letter.headers.items():
        click.echo(f"{name}: {value}")
    click.echo(f"\n{masked(letter.value)}")


@dead_letters.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@all_option
@data_option
def replay(ids: tuple[str, ...], everything: bool, data: Path | None) -> None:
    """Put messages back onto the topic they came from, as they were."""
    from cli.platform.letter_box import Settler  # noqa: PLC0415 - Kafka's client is not for --help

    with letter_box(data) as (box, bootstrap):
        settler = Settler(bootstrap)
        settle(box, ids, everything, lambda letter: f"replayed onto {settler.replay(letter)}")


@dead_letters.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@all_option
@data_option
def discard(ids: tuple[str, ...], everything: bool, data: Path | None) -> None:
    """Set messages aside for good; they stay in the topic, but are no longer listed."""
    from cli.platform.letter_box import Settler  # noqa: PLC0415 - Kafka's client is not for --help

    with letter_box(data) as (box, bootstrap):
        settler = Settler(bootstrap)

        def act(letter: Letter) -> str:
            settler.discard(letter)
            return "discarded"

        settle(box, ids, everything, act)


@contextmanager
def letter_box(data: Path | None) -> "Iterator[tuple[LetterBox, str]]":
    """The dead letters of the running instance and Kafka's address; errors become one line."""
    from cli.platform.kafka import Kafka  # noqa: PLC0415 - not for --help
    from cli.platform.letter_box import LetterBox  # noqa: PLC0415

    instance = Instance.find(data)
    instance.require_running()
    try:
        yield LetterBox(Kafka(instance.kafka_bootstrap)), instance.kafka_bootstrap
    except PlatformError as error:
        raise click.ClickException(str(error)) from error


def settle(box: "LetterBox", ids: tuple[str, ...], everything: bool, act: Callable[[Letter], str]) -> None:
    """Acts on the letters meant, one after the other, and says so."""
    if bool(ids) == everything:
        raise click.UsageError("name the dead letters by ID, or give --all")
    letters = box.open() if everything else box.find(ids)
    for letter in letters:
        click.echo(f"{letter.id} {act(letter)}")
    if not letters:
        click.echo("No dead letters.")


def summary(letter: Letter) -> dict[str, object]:
    """What a list shows of a letter; nothing of its data."""
    return {
        "id": letter.id,
        "topic": letter.target,
        "origin": letter.origin,
        "key": (letter.key or b"").decode(errors="replace"),
        "type": letter.type,
        "reason": letter.reason,
        "error": letter.headers.get(ERROR),
        "failed_at": letter.headers.get(FAILED_AT),
    }
