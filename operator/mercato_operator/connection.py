"""One connection to Kafka's admin API: every failure becomes one line that says what could not be done."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

TIMEOUT = 30.0
"""Seconds for one request to Kafka."""


class KafkaAdminError(Exception):
    """Kafka did not do what was asked; the text says what, on one line."""


class Connection:
    """`security`: librdkafka's settings for a broker that asks who we are."""

    def __init__(self, bootstrap: str, security: Mapping[str, str] | None = None) -> None:
        self.bootstrap = bootstrap
        self.client = AdminClient(
            {
                "bootstrap.servers": bootstrap,
                "client.id": "mercato-operator",
                "socket.timeout.ms": 10_000,
                "reconnect.backoff.ms": 500,
                "log_level": 0,  # the library would write a line to stderr for each attempt; the errors come here
                **(security or {}),
            }
        )

    def call(self, what: str, request: Callable[[], Any]) -> Any:
        try:
            return request()
        except KafkaException as error:
            raise self._failure(what, error) from error

    def wait(self, what: str, future: "Future[Any]", but: int | None = None) -> Any:
        """The future's result, or True when it has none; False when it failed with the code `but`."""
        try:
            result = future.result(timeout=TIMEOUT + 5)
        except KafkaException as error:
            if but is not None and error.args[0].code() == but:
                return False
            raise self._failure(what, error) from error
        except TimeoutError as error:
            raise KafkaAdminError(f"could not {what} at {self.bootstrap} within {TIMEOUT:g} s") from error
        return True if result is None else result

    def _failure(self, what: str, error: KafkaException) -> KafkaAdminError:
        code: KafkaError = error.args[0]
        remedy = "; is Kafka running and reachable there?" if code.retriable() or code.code() < 0 else ""
        return KafkaAdminError(f"could not {what} at {self.bootstrap}: {code.str()}{remedy}")
