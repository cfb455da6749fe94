"""Events of which customers are not told cost nothing; those that nobody knows are not lost among them."""

import time
from collections.abc import Iterator, Sequence

import psycopg
import pytest
from confluent_kafka import Message as Raw
from pydantic import SecretStr

from services.chassis.messaging.batches import Batches
from services.chassis.messaging.messages import Message
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Producer
from services.chassis.messaging.unit import Unit
from services.chassis.storage.session import Session
from services.notification.kinds import SILENT
from services.notification.settings import NotificationSettings


@pytest.fixture
def handled() -> list[str]:
    """Ids of the messages that were handled."""
    return []


@pytest.fixture
def batches(settings: NotificationSettings, handled: list[str]) -> Iterator[Batches]:
    def handle(_unit: Unit, messages: Sequence[Message]) -> None:
        handled.extend(message.id for message in messages)

    session = Session(settings)
    yield Batches(session, Outbox(Producer(settings), "notification"), "notification", handle, silent=SILENT)
    session.close()


def _raw(number: int, kind: str, value: bytes = b"{}", *more: tuple[str, bytes]) -> Raw:
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_id", str(number).encode()),
        ("ce_type", f"mercato.order.{kind}.v1".encode()),
        *more,
    ]
    return Raw(topic="order.events", partition=0, offset=number, key=b"key", value=value, headers=headers)


def test_silent_events_are_let_pass_unread_and_sign_into_no_inbox(
    batches: Batches, handled: list[str], sql: psycopg.Connection
) -> None:
    silent = [_raw(number, kind, b"{") for number, kind in enumerate(("created", "reserved", "authorized"))]
    batches.handle([*silent, _raw(7, "confirmed")], time.sleep)
    assert handled == ["7"]
    assert sql.execute("SELECT message_id FROM inbox").fetchall() == [("7",)]
    assert sql.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_nothing_but_silent_events_need_no_database(batches: Batches, settings: NotificationSettings) -> None:
    settings.__dict__["database_url"] = SecretStr("postgresql://127.0.0.1:1/none")
    batches.session = Session(settings)
    batches.handle([_raw(1, "created"), _raw(2, "reserved")], lambda _seconds: pytest.fail("waits for the database"))


def test_an_unknown_type_or_none_is_not_silent(batches: Batches, handled: list[str], sql: psycopg.Connection) -> None:
    nameless = Raw(topic="order.events", partition=0, offset=8, key=b"key", value=b"{}", headers=[("ce_id", b"8")])
    batches.handle([_raw(7, "eaten"), nameless, _raw(9, "confirmed", b"{}", ("ce_type", b""))], time.sleep)
    assert handled == ["7"]
    letters = sql.execute("SELECT topic, headers ->> 'ce_id' FROM outbox ORDER BY id").fetchall()
    assert letters == [("order.events.notification.dead-letter", number) for number in ("8", "9")]


def test_the_last_of_several_types_counts_as_it_does_for_all_other_messages(
    batches: Batches, handled: list[str]
) -> None:
    batches.handle(
        [
            _raw(1, "created", b"{}", ("ce_type", b"mercato.order.confirmed.v1")),
            _raw(2, "confirmed", b"{}", ("ce_type", b"mercato.order.created.v1")),
        ],
        time.sleep,
    )
    assert handled == ["1"]
