"""What each service may do in Kafka follows from the topics' manifests, and nothing more."""

from pathlib import Path

from mercato_operator.jobs.apply import read
from mercato_operator.kafka.acls import Access, access

GRANTED = access(read(Path(__file__).parents[3] / "k8s" / "topics"))


def may(user: str, operation: str) -> set[str]:
    return {item.name for item in GRANTED[user] if item.kind == "topic" and item.operation == operation}


def test_only_the_services_on_kafka_have_rights() -> None:
    assert GRANTED.keys() == {"order", "product", "payment", "notification"}


def test_a_service_writes_what_it_produces_and_its_own_dead_letters() -> None:
    assert may("order", "Write") == {
        *("order.events", "payment.commands", "product.commands"),
        "order.replies.order.dead-letter",
    }
    assert may("product", "Write") == {"order.replies", "product.commands.product.dead-letter"}


def test_a_service_reads_what_it_consumes() -> None:
    assert may("order", "Read") == {"order.replies"}
    assert may("payment", "Read") == {"payment.commands"}


def test_a_retry_topic_is_written_and_read_by_its_own_group() -> None:
    retry = "order.events.notification.retry"
    assert retry in may("notification", "Read") & may("notification", "Write")
    assert may("notification", "Read") == {"order.events", retry}


def test_each_service_is_a_member_of_its_own_group_alone() -> None:
    for user, granted in GRANTED.items():
        assert {item for item in granted if item.kind == "group"} == {Access("group", user, "Read")}
