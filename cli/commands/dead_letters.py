"""`./mercato dead-letters`: messages that could not be handled, and putting them back."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from cli.platform.letters import ERROR, FAILED_AT, Letter
from cli.platform.masking import masked
from cli.platform.sites import Internals
from cli.targets import on_internals

if TYPE_CHECKING:
    from cli.platform.letter_box import LetterBox

all_option = click.option("--all", "everything", is_flag=True, help="All open dead letters.")


@click.group("dead-letters")
def dead_letters() -> None:
    """List, show, replay and discard messages that could not be handled."""


@dead_letters.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@on_internals
def list_letters(as_json: bool, site: Internals) -> None:
    """List the open dead letters."""
    letters = letter_box(site).open()
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
@on_internals
def show(letter_id: str, site: Internals) -> None:
    """Show one with its headers and its data; payment tokens are masked."""
    letters, outcomes = letter_box(site).all()
    letter = next((letter for letter in letters if letter.id == letter_id), None)
    if letter is None:
        see = site.remedies.command("dead-letters list")
        raise click.ClickException(f"there is no dead letter {letter_id}: see {see}")
    click.echo(f"{letter.id}  ({outcomes.get(letter.id, 'open')})")
    click.echo(f"key: {(letter.key or b'').decode(errors='replace')}")
    for name, value in letter.headers.items():
        click.echo(f"{name}: {value}")
    click.echo(f"\n{masked(letter.value)}")


@dead_letters.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@all_option
@on_internals
def replay(ids: tuple[str, ...], everything: bool, site: Internals) -> None:
    """Put messages back onto the topic they came from, as they were."""
    from cli.platform.letter_box import Settler  # noqa: PLC0415 - Kafka's client is not for --help

    settler = Settler(site.broker)
    settle(letter_box(site), ids, everything, lambda letter: f"replayed onto {settler.replay(letter)}")


@dead_letters.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@all_option
@on_internals
def discard(ids: tuple[str, ...], everything: bool, site: Internals) -> None:
    """Set messages aside for good; they stay in the topic, but are no longer listed."""
    from cli.platform.letter_box import Settler  # noqa: PLC0415 - Kafka's client is not for --help

    settler = Settler(site.broker)

    def act(letter: Letter) -> str:
        settler.discard(letter)
        return "discarded"

    settle(letter_box(site), ids, everything, act)


def letter_box(site: Internals) -> "LetterBox":
    """The dead letters of a platform."""
    from cli.platform.kafka import Kafka  # noqa: PLC0415 - not for --help
    from cli.platform.letter_box import LetterBox  # noqa: PLC0415

    return LetterBox(Kafka(site))


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
