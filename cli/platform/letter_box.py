"""The dead-letter topics: reading them, putting a message back, setting one aside for good."""

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Record

from cli.platform.errors import PlatformError
from cli.platform.kafka import Kafka, text_headers
from cli.platform.letters import Letter, Outcome, is_dead_letter_topic, marker, settle
from cli.platform.sites import Broker

SEND_SECONDS = 15.0
CHOSEN_BY_KEY = -1
"""librdkafka's word for: let the partitioner choose."""


class LetterBox:
    """The dead letters of a platform. Raises PlatformError."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka

    def all(self) -> tuple[list[Letter], dict[str, Outcome]]:
        """Every letter, and what became of the settled ones, by id."""
        topics = [name for name in self._kafka.topics() if is_dead_letter_topic(name)]
        return settle(_letter(record) for record in self._kafka.read(topics))

    def open(self) -> list[Letter]:
        """Those neither replayed nor discarded."""
        letters, outcomes = self.all()
        return [letter for letter in letters if letter.id not in outcomes]

    def find(self, ids: Sequence[str]) -> list[Letter]:
        """The open letters of these ids. Raises PlatformError for one that is not there, or settled before."""
        letters, outcomes = self.all()
        by_id = {letter.id: letter for letter in letters}
        for wanted in ids:
            if wanted not in by_id:
                see = self._kafka.site.remedies.command("dead-letters list")
                raise PlatformError(f"there is no dead letter {wanted}: see {see}")
            if wanted in outcomes:
                raise PlatformError(f"{wanted} was {outcomes[wanted]} before")
        return [by_id[wanted] for wanted in dict.fromkeys(ids)]


class Settler:
    """Replays and discards. A replay that is cut short may be repeated: the inbox knows the message's id."""

    def __init__(self, broker: Broker) -> None:
        self._bootstrap = broker.bootstrap
        self._producer = Producer(
            {
                **broker.client,
                "enable.idempotence": True,
                "acks": "all",
                # The same partition as the services choose for the key.
                "partitioner": "murmur2",
                "message.timeout.ms": int(SEND_SECONDS * 1000),
            }
        )

    def replay(self, letter: Letter) -> str:
        """Puts the message back onto the topic it came from, as it was; answers the topic."""
        if letter.target is None:
            raise PlatformError(f"{letter.id} does not say which topic it came from: it can only be discarded")
        self._send(letter.target, letter.key, letter.value, letter.message_headers)
        self._settle(letter, Outcome.REPLAYED)
        return letter.target

    def discard(self, letter: Letter) -> None:
        """Settles it without putting it back."""
        self._settle(letter, Outcome.DISCARDED)

    def _settle(self, letter: Letter, outcome: Outcome) -> None:
        self._send(letter.topic, letter.key, b"", marker(letter, outcome), letter.partition)

    def _send(
        self, topic: str, key: bytes | None, value: bytes, headers: dict[str, str], partition: int = CHOSEN_BY_KEY
    ) -> None:
        failures: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, _record: Record) -> None:
            if error is not None:
                failures.append(error)

        try:
            self._producer.produce(
                topic,
                value=value,
                key=key,
                headers=list(headers.items()),
                partition=partition,
                on_delivery=on_delivery,
            )
            left = self._producer.flush(SEND_SECONDS)
        except KafkaException as error:
            raise PlatformError(f"Kafka at {self._bootstrap}: {error.args[0].str()}") from error
        if left or failures:
            why = failures[0].str() if failures else f"no answer in {SEND_SECONDS:.0f} s"
            raise PlatformError(f"{topic} did not take the message: {why}; try again")


def _letter(record: Record) -> Letter:
    key, value = record.key(), record.value()
    return Letter(
        str(record.topic()),
        int(record.partition() or 0),
        int(record.offset() or 0),
        None if key is None else bytes(key),
        bytes(value or b""),
        text_headers(record),
    )
