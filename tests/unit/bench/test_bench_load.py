"""The open loop: orders on time whatever is answered, and every answer counted for what it is."""

import time
from itertools import count

import orjson
import pytest

from cli.bench.load import HANGING_CARD, Load, Schedule, Sent
from cli.bench.wire import Wire
from cli.platform.client import Token
from tests.unit.bench.answering import Answering, answer, serving

PRODUCTS = ("a", "b", "c")
TOKENS = (Token("first", 900), Token("second", 900))


def accepting() -> Answering:
    numbers = count()
    return lambda *_: answer(202, b"{}", f"location: /api/v1/orders/{next(numbers)}")


async def driven(answering: Answering, schedule: Schedule, at: float | None = None) -> tuple[Sent, list[str]]:
    accepted: list[str] = []
    async with serving(answering) as url, Wire(url) as wire:
        load = Load(wire, TOKENS, lambda _number, order_id, _due: accepted.append(order_id))
        await load.run(schedule, PRODUCTS, at)
        await load.answered()
    return load.sent, accepted


async def test_accepted_orders_are_known_by_their_location() -> None:
    sent, accepted = await driven(accepting(), Schedule(200, 0.1))
    assert sorted(accepted) == sorted(sent.due) == sorted(str(number) for number in range(20))
    assert sent.tried == sent.answered == len(sent.post_seconds) == 20
    assert not sent.errors


async def test_each_order_is_a_customers_own_with_a_key_of_its_own() -> None:
    seen: list[tuple[dict[str, str], bytes]] = []
    accept = accepting()

    def answering(line: str, headers: dict[str, str], body: bytes) -> bytes | None:
        seen.append((headers, body))
        return accept(line, headers, body)

    await driven(answering, Schedule(200, 0.05, hanging=0.5))
    bodies = [orjson.loads(body) for _, body in seen]
    assert len({headers["idempotency-key"] for headers, _ in seen}) == 10
    assert {headers["authorization"] for headers, _ in seen} == {"Bearer first", "Bearer second"}
    assert all(len({line["product_id"] for line in body["lines"]}) == 2 for body in bodies)
    assert sum(body["payment_method"]["token"] == HANGING_CARD for body in bodies) == 5


async def test_due_times_are_evenly_spaced_whenever_the_answers_come() -> None:
    sent, _ = await driven(accepting(), Schedule(100, 0.1))
    due = sorted(moment - sent.started for moment in sent.due.values())
    assert due == pytest.approx([number / 100 for number in range(10)])


async def test_a_latency_counts_from_when_the_order_was_due() -> None:
    accept = accepting()

    def stalling(line: str, headers: dict[str, str], body: bytes) -> bytes | None:
        time.sleep(0.02)  # the server shares the driver's loop, so that the whole load stalls
        return accept(line, headers, body)

    sent, _ = await driven(stalling, Schedule(1000, 0.02))
    assert max(sent.post_seconds) > 0.3


async def test_refusals_are_counted_with_and_without_the_time_to_come_again() -> None:
    answers = [answer(503, b"", "retry-after: 1"), answer(429), answer(422), answer(503, b"", "retry-after: 2")]
    sent, accepted = await driven(lambda *_: answers.pop(), Schedule(400, 0.01))
    assert sent.errors == {"503": 2, "429": 1, "422": 1}
    assert (sent.refused, sent.hinted) == (3, 2)
    assert not accepted


async def test_what_was_not_answered_is_an_error_and_the_load_ends() -> None:
    sent, _ = await driven(lambda *_: b"", Schedule(400, 0.01))
    assert sent.errors == {"connection lost": 4}
    assert sent.answered == sent.tried == 4


async def test_a_load_begins_when_it_is_told_to() -> None:
    later = time.monotonic() + 0.2
    sent, _ = await driven(accepting(), Schedule(100, 0.05), at=later)
    assert sent.started == min(sent.due.values()) == later
    assert all(0 <= seconds < 10 for seconds in sent.post_seconds)


async def test_a_load_that_is_overdue_is_sent_at_once_and_counts_from_when_it_was_due() -> None:
    sent, _ = await driven(accepting(), Schedule(100, 0.05), at=time.monotonic() - 5.0)
    assert len(sent.due) == 5
    assert all(seconds > 4.9 for seconds in sent.post_seconds)
