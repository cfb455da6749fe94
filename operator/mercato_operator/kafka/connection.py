"""One connection to Kafka's admin API: every failure becomes one line that says what could not be done."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

TIMEOUT = 30.0
"""Seconds for one request to Kafka, unless another time is given."""


class KafkaAdminError(Exception):
    """Kafka did not do what was asked; the text says what, on one line.

    `unavailable`: there was no answer, or one that says to try again; else Kafka refused. `code` is Kafka's.
    """

    def __init__(self, message: str, *, unavailable: bool = True, code: int | None = None) -> None:
        super().__init__(message)
        self.unavailable, self.code = unavailable, code


class Connection:
    """`security`: librdkafka's settings for a broker that asks who we are. `timeout`: seconds for one request."""

    def __init__(self, bootstrap: str, security: Mapping[str, str] | None = None, timeout: float | None = None) -> None:
        self.bootstrap = bootstrap
        self.timeout = TIMEOUT if timeout is None else timeout
        configuration: dict[str, str | int | float | bool] = {
            "bootstrap.servers": bootstrap,
            "client.id": "mercato-operator",
            "socket.timeout.ms": 10_000,
            "reconnect.backoff.ms": 500,
            "log_level": 0,  # the library would write a line to stderr for each attempt; the errors come here
            **(security or {}),
        }
        try:
            self.client = AdminClient(configuration)
        except KafkaException as error:
            authority = configuration.get("ssl.ca.location")
            remedy = f"; is {authority} there?" if authority else ""
            raise KafkaAdminError(f"could not begin to speak to Kafka: {error.args[0].str()}{remedy}") from error

    def call(self, what: str, request: Callable[[], Any]) -> Any:
        try:
            return request()
        except KafkaException as error:
            raise self._failure(what, error) from error

    def wait(self, what: str, future: "Future[Any]", but: int | None = None) -> Any:
        """The future's result, or True when it has none; False when it failed with the code `but`."""
        try:
            result = future.result(timeout=self.timeout + 5)
        except KafkaException as error:
            if but is not None and error.args[0].code() == but:
                return False
            raise self._failure(what, error) from error
        except TimeoutError as error:
            raise KafkaAdminError(f"could not {what} at {self.bootstrap} within {self.timeout:g} s") from error
        return True if result is None else result

    def _failure(self, what: str, error: KafkaException) -> KafkaAdminError:
        code: KafkaError = error.args[0]
        away = code.retriable() or code.code() < 0
        remedy = "; is Kafka running and reachable there?" if away else ""
        text = f"could not {what} at {self.bootstrap}: {code.str()}{remedy}"
        return KafkaAdminError(" ".join(text.split()), unavailable=away, code=code.code())
