"""Users and their rights on the broker of the kafka image: what is not granted is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from mercato_operator.jobs.apply import apply
from mercato_operator.jobs.retrying import retrying
from mercato_operator.kafka.backend import Account
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.users import KafkaUsers

from tests.support import closed_kafka as closed
from tests.support.closed_kafka import ADMIN, security

MANIFESTS = Path(__file__).parents[3] / "k8s" / "topics"
PASSWORDS = {"order": "o" * 24, "product": "p" * 24, "payment": "y" * 24, "notification": "n" * 24}


@pytest.fixture(scope="module")
def closed_kafka() -> Iterator[str]:
    """With the platform's topics, users and rights applied."""
    admin = security("admin", ADMIN)
    with closed.closed_kafka() as bootstrap:
        retrying(lambda: apply(bootstrap, MANIFESTS, security=admin, users=PASSWORDS), KafkaAdminError, 90)
        yield bootstrap


def produce(bootstrap: str, user: str, topic: str) -> int | None:
    """The code of the error, None when the broker took it."""
    codes: list[int | None] = []
    config = {**security(user, PASSWORDS[user]), "bootstrap.servers": bootstrap, "enable.idempotence": True}
    client = Producer({**config, "message.timeout.ms": 10000, "log_level": 0})
    client.produce(topic, b"x", on_delivery=lambda error, _message: codes.append(error.code() if error else None))
    client.flush(15)
    return codes[0]


def consume(bootstrap: str, user: str, topic: str, group: str) -> int | None:
    """The code of the error, None when there was a message."""
    config = {**security(user, PASSWORDS[user]), "bootstrap.servers": bootstrap, "auto.offset.reset": "earliest"}
    client = Consumer({**config, "group.id": group, "log_level": 0})
    try:
        client.subscribe([topic])
        for _ in range(15):
            message = client.poll(1.0)
            if message is not None:
                error = message.error()
                return error.code() if error else None
        raise AssertionError("neither a message nor an error")
    finally:
        client.close()


def test_a_service_produces_and_consumes_what_is_its_own(closed_kafka: str) -> None:
    assert produce(closed_kafka, "order", "product.commands") is None
    assert consume(closed_kafka, "product", "product.commands", "product") is None


def test_a_service_is_refused_what_is_another_ones(closed_kafka: str) -> None:
    assert produce(closed_kafka, "product", "order.events") == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert consume(closed_kafka, "payment", "product.commands", "payment") == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert consume(closed_kafka, "product", "product.commands", "order") == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_a_repeat_changes_nothing_and_rights_too_many_are_taken(closed_kafka: str) -> None:
    admin = security("admin", ADMIN)
    assert apply(closed_kafka, MANIFESTS, security=admin, users=PASSWORDS) == []
    users = KafkaUsers(Connection(closed_kafka, admin))
    without = Account("product", frozenset(), PASSWORDS["product"])
    assert users.bring([without])["product"].done == ("0 rights given, 7 taken",)
    assert apply(closed_kafka, MANIFESTS, security=admin, users=PASSWORDS) == ["user product: 7 rights given, 0 taken"]


def test_without_the_password_there_is_no_answer(closed_kafka: str) -> None:
    client = Producer({**security("order", "wrong"), "bootstrap.servers": closed_kafka, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=5)
