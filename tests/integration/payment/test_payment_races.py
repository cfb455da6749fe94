"""Two payment services on one database: each call is made by one of them, and no command is lost behind an answer."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.chassis.messaging.messages import Message
from services.chassis.messaging.recent import Recent
from services.chassis.messaging.unit import Unit
from services.chassis.runtime.ids import new_id
from services.payment.answers import Answer
from services.payment.backlog import Backlog
from services.payment.caller import Caller
from services.payment.handlers import Handlers
from services.payment.intents import Call, Operation
from tests.contract.payment.fake_provider import FakeProvider
from tests.contract.payment.parts import until
from tests.integration.payment.service import Service, Start, authorize, capture, reverse
from tests.support.replicas import Replica, replicas

PATIENT = {"provider_timeout_seconds": 20.0}


class Provider(FakeProvider):
    """Counts the calls, and can keep the answers of one operation back."""

    def __init__(self, held: Operation | None = None) -> None:
        super().__init__()
        self.calls: Counter[tuple[UUID, Operation]] = Counter()
        self.free = asyncio.Event()
        self._held = held

    async def call(self, call: Call) -> Answer:
        self.calls[call.payment.order_id, call.operation] += 1
        answer = self.answer(call)
        if call.operation is self._held:
            await self.free.wait()
        return answer


def order_of(message: Message) -> UUID:
    return UUID(message.key)


def told(service: Service, command: Message) -> list[str]:
    return [kind for kind, _ in service.replies(order_of(command))]


def roomless(service: Service) -> Handlers:
    """A handler whose service has no place for calls: what it takes in waits as due rows."""
    return Handlers(service.settings, Caller(service.settings, FakeProvider()), Backlog(), Recent())


async def left_due(service: Service, count: int) -> list[Message]:
    commands = [authorize() for _ in range(count)]
    with Replica(service.settings, roomless(service).on_commands) as replica:
        await replica.take(commands)
    return commands


def once_each(provider: Provider, commands: Sequence[Message], *operations: Operation) -> None:
    assert provider.calls == {(order_of(one), operation): 1 for one in commands for operation in operations}


async def test_two_replicas_make_each_due_call_once(start: Start) -> None:
    provider = Provider()
    first, second = await start(provider, **PATIENT), await start(provider, **PATIENT)
    commands = await left_due(first, 60)
    for service in (first, second):
        service.due.look_now()
    await until(lambda: first.answered() == {order_of(command) for command in commands})
    once_each(provider, commands, Operation.CREATE, Operation.CONFIRM)
    assert {tuple(told(first, command)) for command in commands} == {("authorized",)}


async def test_due_rows_that_another_replica_took_meanwhile_are_left_to_it(start: Start) -> None:
    provider = Provider()
    first, second = await start(provider, **PATIENT), await start(provider, **PATIENT)
    for service in (first, second):
        await service.due.__aexit__(None, None, None)  # they look when the test says so
    commands = await left_due(first, 10)
    loop = asyncio.get_running_loop()
    looks: list[int] = []

    def late(unit: Unit) -> None:
        found = second.due._start_due(100, unit)
        looks.append(found)
        if len(looks) == 1:
            assert asyncio.run_coroutine_threadsafe(first.due._start(100), loop).result(20) == 10

    await second.commands.do(late)
    assert looks == [10, 0]
    await until(lambda: first.answered() == {order_of(command) for command in commands})
    once_each(provider, commands, Operation.CREATE, Operation.CONFIRM)


async def test_a_reversal_that_read_the_row_before_an_answer_was_recorded_undoes_what_it_told(start: Start) -> None:
    provider = Provider(held=Operation.CONFIRM)
    first, second = await start(provider, **PATIENT), await start(provider, **PATIENT)
    command = authorize()
    order_id = order_of(command)
    await first.send(command)
    await until(lambda: provider.calls[order_id, Operation.CONFIRM] == 1)
    loop = asyncio.get_running_loop()
    attempts: list[str] = []

    def late(unit: Unit) -> None:
        second.handlers.on_commands(unit, [reverse(order_id)])
        attempts.append("locking" if unit.locking else "optimistic")
        if len(attempts) == 1:
            loop.call_soon_threadsafe(provider.free.set)
            asyncio.run_coroutine_threadsafe(until(lambda: told(first, command) == ["authorized"]), loop).result(20)

    await second.commands.do(late)
    assert attempts == ["optimistic", "locking"]
    await until(lambda: told(first, command) == ["authorized", "reversed"])
    assert provider.open_holds(order_id) == [0, 1, 0]
    assert first.row(order_id)["status"] == "voided"


async def test_an_answer_that_meets_a_reversal_is_recorded_and_undone(start: Start) -> None:
    provider = Provider(held=Operation.CONFIRM)
    first, second = await start(provider, **PATIENT), await start(provider, **PATIENT)
    commands = [authorize() for _ in range(30)]
    await first.send(*commands)
    await until(lambda: all(provider.calls[order_of(command), Operation.CONFIRM] for command in commands))
    provider.free.set()
    await asyncio.gather(*(second.send(reverse(order_of(command))) for command in commands))
    await until(lambda: all(told(first, command)[-1:] == ["reversed"] for command in commands))
    for command in commands:
        assert told(first, command) in (["reversed"], ["authorized", "reversed"])
        assert provider.open_holds(order_of(command)) == [0, 1, 0]
        assert (first.row(order_of(command))["claim"], first.row(order_of(command))["due_at"]) == (None, None)


async def test_commands_that_two_consumers_repeat_move_money_once(start: Start) -> None:
    provider = Provider()
    first, second = await start(provider, **PATIENT), await start(provider, **PATIENT)
    commands = [authorize() for _ in range(20)]
    renamed = [replace(command, id=str(new_id())) for command in commands]
    async with (
        replicas(1, first.settings, first.handlers.on_commands) as (one,),
        replicas(1, second.settings, second.handlers.on_commands) as (other,),
    ):
        await asyncio.gather(one.take(commands), other.take([*renamed[::-1], *commands[:5]]))
        await until(lambda: first.answered() == {order_of(command) for command in commands})
        captures = [capture(order_of(command)) for command in commands]
        await asyncio.gather(one.take(captures), other.take(captures[::-1]))
        await until(lambda: all(told(first, command) == ["authorized", "captured"] for command in commands))
    once_each(provider, commands, Operation.CREATE, Operation.CONFIRM, Operation.CAPTURE)


async def test_batches_that_follow_each_other_while_the_event_loop_is_busy_share_its_places(start: Start) -> None:
    provider = Provider(held=Operation.CREATE)
    service = await start(provider, **PATIENT, provider_brisk_concurrency=3, provider_slow_seconds=19.0)
    commands = [authorize() for _ in range(6)]
    with Replica(service.settings, service.handlers.on_commands) as replica:
        for half in (commands[:3], commands[3:]):
            replica.now(half)  # in the event loop's own thread: no call can start meanwhile
    claimed = [service.row(order_of(command))["claim"] is not None for command in commands]
    assert claimed == [True] * 3 + [False] * 3
    provider.free.set()
    await until(lambda: service.answered() == {order_of(command) for command in commands})
    once_each(provider, commands, Operation.CREATE, Operation.CONFIRM)


async def test_what_waits_for_room_between_two_calls_is_not_looked_up(start: Start) -> None:
    provider = Provider(held=Operation.CREATE)
    service = await start(provider, **PATIENT, provider_brisk_concurrency=3, provider_slow_seconds=0.1)
    commands = [authorize() for _ in range(12)]
    await service.send(*commands)
    # Each is slow by now, and has given its place to the next.
    await until(lambda: len(provider.calls) == len(commands))
    provider.free.set()  # more confirms than places
    await until(lambda: service.answered() == {order_of(command) for command in commands})
    once_each(provider, commands, Operation.CREATE, Operation.CONFIRM)
