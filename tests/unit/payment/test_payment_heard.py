"""What is remembered of the provider's answers, and how long work has waited."""

from uuid import UUID, uuid4

import pytest

from services.payment import answers, heard
from services.payment.backlog import FRESH_SECONDS, Backlog
from services.payment.heard import Heard


def test_what_an_answer_told_is_known_also_when_a_later_one_told_more() -> None:
    order_id, memory = uuid4(), Heard()
    memory.add(order_id, answers.Authorized("pi_1"))
    memory.add(order_id, answers.Captured("pi_1", 100))
    assert (order_id, answers.Authorized("pi_1")) in memory
    assert (order_id, answers.Captured("pi_1", 100)) in memory


def test_what_no_answer_told_is_news() -> None:
    order_id, memory = uuid4(), Heard()
    memory.add(order_id, answers.Unanswered("timeout"))
    assert (order_id, answers.Unanswered("timeout")) not in memory
    memory.add(order_id, answers.Authorized("pi_1"))
    assert (order_id, answers.Captured("pi_1", 100)) not in memory
    assert (order_id, None) not in memory
    assert (uuid4(), answers.Authorized("pi_1")) not in memory


def test_the_memory_is_bounded_and_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard, "ORDERS", 3)
    memory = Heard()
    orders = [UUID(int=number) for number in range(5)]
    for order_id in orders:
        memory.add(order_id, answers.Authorized("pi_1"))
    assert [(one, answers.Authorized("pi_1")) in memory for one in orders] == [False, False, True, True, True]


def test_the_longer_wait_counts_until_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    waiting = Backlog()
    assert waiting.wait == 0.0
    waiting.commands_waited(0.5)
    waiting.due_waits(2.25)
    assert waiting.wait == 2.25
    waiting.due_waits(-3.0)  # the next is due in three seconds
    assert waiting.wait == 0.5
    now[0] += FRESH_SECONDS
    assert waiting.wait == 0.0
