"""A model of two processes that publish for the same keys, step by step: the outbox and the choice of its relay are
real, the table, Kafka, its clients and the clock are modelled.

Each step is one that a real process can be stopped after: a statement reads what is there, commits later, hands on
later still; a relay reads, chooses, hands over, waits, deletes. Any of them may be the last of its process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.chassis.messaging.messages import Message
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Record
from services.chassis.messaging.relay import Relay
from tests.support.model_kafka import Chain, Client, Kafka, ModelProducer

CHAINS: Sequence[Chain] = (("t", "a"), ("t", "b"), ("u", "a"))
BATCH = 3
"""Rows of one relay's round: few, so that rounds end in the middle of a chain."""


@dataclass
class Row:
    id: int
    topic: str
    key: str
    number: int
    patient: bool
    created_at: float


@dataclass
class Unit:
    """A statement under way: what it has seen, and what it will commit."""

    begun_at: float
    messages: list[tuple[Chain, int, bool]]
    older: list[tuple[int, int]]


@dataclass
class Process:
    kafka: Kafka
    units: list[Unit] = field(default_factory=list)
    committed: list[tuple[list[dict[str, Any]], list[int], list[tuple[int, int]]]] = field(default_factory=list)
    working: Iterator[None] | None = None

    def __post_init__(self) -> None:
        self.producer = ModelProducer(self.kafka)
        self.outbox = Outbox(self.producer, "model", {"urgent"})
        self.relay = Relay(None, self.producer, self.outbox, "model")  # type: ignore[arg-type]


class World:
    """Two processes, one table, one Kafka."""

    def __init__(self) -> None:
        self.now = 0.0
        self.kafka = Kafka()
        self.table: dict[int, Row] = {}
        self.processes = [Process(self.kafka), Process(self.kafka)]
        self.lost: list[Client] = []
        self.numbers: dict[Chain, int] = dict.fromkeys(CHAINS, 0)
        self._next_id = 1

    def begin(self, process: int, parts: Sequence[tuple[Chain, bool]]) -> None:
        """A unit's statement takes its snapshot; `parts` are the messages: their chain, and whether they are urgent."""
        numbers = dict(self.numbers)
        messages, older = [], []
        for n, (chain, urgent) in enumerate(parts, 1):
            numbers[chain] += 1
            messages.append((chain, numbers[chain], urgent))
            if urgent:
                older += [(n, row.id) for row in self.table.values() if (row.topic, row.key) == chain]
        self.processes[process].units.append(Unit(self.now, messages, older))

    def commit(self, process: int, which: int) -> None:
        """It holds, or is refused because another one has written the same key since; ids are used up either way."""
        units = self.processes[process].units
        if not units:
            return
        unit = units.pop(which % len(units))
        expected = dict(self.numbers)
        ids = list(range(self._next_id, self._next_id + len(unit.messages)))
        self._next_id += len(ids)
        for chain, number, _ in unit.messages:
            expected[chain] += 1
            if expected[chain] != number:
                return
        self.numbers = expected
        for row, (chain, number, urgent) in zip(ids, unit.messages, strict=True):
            self.table[row] = Row(row, *chain, number, not urgent, unit.begun_at)
        outbox = self.processes[process].outbox
        records = outbox.records([_message(chain, number, urgent) for chain, number, urgent in unit.messages])
        self.processes[process].committed.append((records, ids, unit.older))

    def hand_on(self, process: int, which: int, full: bool) -> None:
        """By the thread that committed; others may have committed since."""
        one = self.processes[process]
        if one.committed:
            one.producer.full = full
            one.outbox.hand_on(*one.committed.pop(which % len(one.committed)))
            one.producer.full = False

    def arrive(self, process: int) -> None:
        self.processes[process].producer.client.arrive()

    def answer(self, process: int) -> None:
        self.processes[process].producer.client.answer()

    def straggle(self, which: int) -> None:
        """A step of a client that was replaced, or whose process is lost."""
        clients = [*self.lost, *(client for process in self.processes for client in process.producer.former)]
        if clients:
            client = clients[which % len(clients)]
            client.arrive()
            client.answer()

    def exchange(self, process: int, on_the_way: int) -> None:
        """The process replaces its client; only its relay does so, and it then begins anew."""
        one = self.processes[process]
        one.working = None
        one.producer.exchange(on_the_way)

    def crash(self, process: int, on_the_way: int) -> None:
        producer = self.processes[process].producer
        producer.client.purge(on_the_way)
        for client in (*producer.former, producer.client):
            client.forsake()
            self.lost.append(client)
        self.processes[process] = Process(self.kafka)

    def work(self, process: int) -> None:
        """The next step of the process's relay: whoever has the leases, or believes so."""
        one = self.processes[process]
        one.working = one.working or self._round(one)
        if next(one.working, self) is self:
            one.working = None

    def _round(self, one: Process) -> Iterator[None]:
        gone = one.outbox.acknowledged()
        self._delete(gone)
        yield
        if gone:
            one.outbox.deleted(gone)
        found = [self._found(row) for row in sorted(self.table.values(), key=lambda row: row.id)[:BATCH]]
        yield
        chosen = one.relay._ours(found)
        answered: list[object] = []
        for _, topic, key, payload, headers, *_ in chosen:
            one.producer.client.produce(Record(topic, key, payload, headers), answered.append)
            yield
        while len(answered) < len(chosen):
            yield
        self._delete([row[0] for row in chosen])

    def _delete(self, rows: Sequence[int]) -> None:
        for row in rows:
            self.table.pop(row, None)

    def _found(self, row: Row) -> tuple[int, str, str, bytes, dict[str, str], float, bool]:
        return row.id, row.topic, row.key, str(row.number).encode(), {}, self.now - row.created_at, row.patient

    def settle(self) -> None:
        """Time passes, and nothing else happens to whoever is alive. Nothing may be left in the table then."""
        for _ in range(40 * (len(self.table) + 5)):
            self.now += 0.1
            for process, one in enumerate(self.processes):
                one.units.clear()
                self.hand_on(process, 0, full=False)
                self.work(process)
                for _ in range(5):
                    self.arrive(process)
                    self.answer(process)


def _message(chain: Chain, number: int, urgent: bool) -> "Message":
    return _Numbered(*chain, "urgent" if urgent else "patient", {}, str(number))


class _Numbered(Message):
    """Its payload is its number, kept as its id."""

    def payload(self) -> bytes:
        return self.id.encode()
