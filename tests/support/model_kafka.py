"""Kafka and its client as a model: what is handed over leaves in order, and is answered later, or never."""

from collections import defaultdict, deque
from collections.abc import Callable
from threading import Lock

from confluent_kafka import KafkaError

from services.chassis.messaging.producer import Producer, Record

Chain = tuple[str, str]
"""Topic and key."""
Answer = Callable[[KafkaError | None], None]


class Kafka:
    """What has arrived, by chain."""

    def __init__(self) -> None:
        self.log: dict[Chain, list[int]] = defaultdict(list)

    def first_appearances(self) -> dict[Chain, list[int]]:
        return {chain: list(dict.fromkeys(numbers)) for chain, numbers in self.log.items()}


class Client:
    """librdkafka's: a queue that leaves in order, and answers that come later."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._queue: deque[tuple[Record, Answer]] = deque()
        self._answers: deque[Answer] = deque()
        self._purged: list[Answer] = []

    def produce(self, record: Record, answer: Answer) -> None:
        self._queue.append((record, answer))

    def arrive(self) -> None:
        if self._queue:
            record, answer = self._queue.popleft()
            self._kafka.log[record.topic, record.key].append(int(record.payload))
            self._answers.append(answer)

    def answer(self) -> None:
        if self._answers:
            self._answers.popleft()(None)
        elif self._purged:
            self._purged.pop(0)(KafkaError(KafkaError._PURGE_INFLIGHT))

    def purge(self, on_the_way: int) -> None:
        """What was on the way already may arrive later still; its answers are those of a client nobody waits for."""
        queue = list(self._queue)
        self._purged += [answer for _, answer in queue]
        self._queue = deque((record, _ignored) for record, _ in queue[:on_the_way])

    def forsake(self) -> None:
        """Nobody is there any more to hear an answer."""
        self._answers.clear()
        self._purged.clear()


def _ignored(_error: KafkaError | None) -> None:
    pass


class ModelProducer(Producer):
    """Of one process. `full`: its queue takes nothing."""

    def __init__(self, kafka: Kafka) -> None:
        self.steady = Lock()
        self.full = False
        self.former: list[Client] = []
        self.client = Client(kafka)
        self._kafka = kafka

    def hand_over(self, record: Record, answered: Answer) -> bool:
        if not self.full:
            self.client.produce(record, answered)
        return not self.full

    def exchange(self, on_the_way: int) -> None:
        """As `replace`."""
        with self.steady:
            former, self.client = self.client, Client(self._kafka)
            self.on_replaced()
        former.purge(on_the_way)
        self.former.append(former)
