"""What every backend for topics and users keeps to: the fake of the unit tests, and the one on Kafka's admin API."""

from uuid import uuid4

import pytest
from mercato_operator.kafka.acls import Access
from mercato_operator.kafka.backend import Account
from mercato_operator.kafka.topics import Topic

from tests.contract.operator.conftest import Reality


@pytest.fixture
def topic() -> str:
    """A topic of the test alone."""
    return f"test.{uuid4().hex}"


@pytest.fixture
def user() -> str:
    """A user of the test alone."""
    return f"test-{uuid4().hex}"


PASSWORD = "secret"


def account(user: str, *rights: Access, managed: bool = True) -> Account:
    return Account(user, frozenset(rights), PASSWORD, managed)


async def test_a_topic_is_made_once(reality: Reality, topic: str) -> None:
    wanted = Topic(topic, 2, 1, {"retention.ms": "5000"})
    made = (await reality.backend.bring_topics([wanted]))[topic]
    assert (made.done, made.fault, made.partitions) == (("created with 2 partitions",), None, 2)
    assert reality.partitions(topic) == 2
    assert reality.setting(topic, "retention.ms") == "5000"
    again = (await reality.backend.bring_topics([wanted]))[topic]
    assert (again.done, again.fault, again.partitions) == ((), None, 2)


async def test_what_somebody_changed_is_put_back(reality: Reality, topic: str) -> None:
    wanted = Topic(topic, 1, 1, {"retention.ms": "5000"})
    await reality.backend.bring_topics([wanted])
    reality.tamper(topic, "retention.ms", "7")
    assert (await reality.backend.bring_topics([wanted]))[topic].done == ("set retention.ms=5000",)
    assert reality.setting(topic, "retention.ms") == "5000"


async def test_a_key_goes_back_to_its_default_only_when_asked(reality: Reality, topic: str) -> None:
    await reality.backend.bring_topics([Topic(topic, 1, 1, {"max.message.bytes": "2000"})])
    await reality.backend.bring_topics([Topic(topic, 1, 1)])
    assert reality.setting(topic, "max.message.bytes") == "2000"
    reset = Topic(topic, 1, 1, reset=frozenset({"max.message.bytes"}))
    outcome = (await reality.backend.bring_topics([reset]))[topic]
    assert outcome.done == ("set max.message.bytes to its default",)
    assert reality.setting(topic, "max.message.bytes") == "1048588"
    assert (await reality.backend.bring_topics([reset]))[topic].done == ()


@pytest.mark.parametrize(
    ("partitions", "allowed", "reason"),
    [(1, True, "PartitionsNeverShrink"), (4, False, "RepartitionNotAllowed"), (4, True, None)],
)
async def test_partitions_grow_when_allowed_and_never_shrink(
    reality: Reality, topic: str, partitions: int, allowed: bool, reason: str | None
) -> None:
    await reality.backend.bring_topics([Topic(topic, 2, 1)])
    outcome = (await reality.backend.bring_topics([Topic(topic, partitions, 1, {}, allowed)]))[topic]
    after = 2 if reason else partitions
    assert (outcome.fault.reason if outcome.fault else None, outcome.partitions) == (reason, after)
    assert reality.partitions(topic) == after


async def test_a_refusal_is_told_of_its_topic_and_harms_no_other(reality: Reality, topic: str) -> None:
    outcomes = await reality.backend.bring_topics([Topic(topic, 1, 9), Topic(f"{topic}.other", 1, 1)])
    fault = outcomes[topic].fault
    assert fault is not None
    assert (fault.reason, fault.unknown) == ("KafkaRefused", False)
    assert outcomes[topic].partitions is None
    assert outcomes[f"{topic}.other"].fault is None


async def test_a_removed_topic_is_gone_and_a_repeat_is_fine(reality: Reality, topic: str) -> None:
    await reality.backend.bring_topics([Topic(topic, 1, 1)])
    removed = (await reality.backend.remove_topics([topic]))[topic]
    assert (removed.done, removed.fault) == ((f"deleted topic {topic} with its messages",), None)
    assert reality.partitions(topic) is None
    assert (await reality.backend.remove_topics([topic]))[topic].fault is None


async def test_a_user_has_exactly_its_rights(reality: Reality, user: str) -> None:
    read, write = Access("topic", user, "Read"), Access("topic", user, "Write")
    group = Access("group", user, "Read")
    outcome = (await reality.backend.bring_users([account(user, read, group)], complete=False))[user]
    assert (outcome.done, outcome.fault) == (("2 rights given, 0 taken",), None)
    assert reality.signs_in(user, PASSWORD)
    assert reality.rights(user) == {read, group}
    outcome = (await reality.backend.bring_users([account(user, write, group)], complete=False))[user]
    assert outcome.done == ("1 rights given, 1 taken",)
    assert reality.rights(user) == {write, group}
    assert (await reality.backend.bring_users([account(user, write, group)], complete=False))[user].done == ()


async def test_a_managed_user_goes_when_it_is_wanted_no_more_and_all_is_known(reality: Reality, user: str) -> None:
    await reality.backend.bring_users([account(user, Access("topic", user, "Read"))], complete=False)
    await reality.again().bring_users([], complete=False)
    assert reality.signs_in(user, PASSWORD)
    outcomes = await reality.again().bring_users([], complete=True)
    assert outcomes[user].done == (f"retired user {user}",)
    assert not reality.signs_in(user, PASSWORD)
    assert reality.rights(user) == frozenset()
    assert user not in await reality.again().bring_users([], complete=True)


async def test_a_user_that_was_retired_is_at_work_again_when_it_is_wanted_again(reality: Reality, user: str) -> None:
    right = Access("topic", user, "Read")
    await reality.backend.bring_users([account(user, right)], complete=True)
    await reality.again().bring_users([], complete=True)
    assert not reality.signs_in(user, PASSWORD)
    outcome = (await reality.again().bring_users([account(user, right)], complete=True))[user]
    assert outcome.fault is None
    assert reality.signs_in(user, PASSWORD)
    assert reality.rights(user) == {right}


async def test_the_platforms_own_user_is_given_and_never_removed(reality: Reality, user: str) -> None:
    right = Access("topic", user, "Read")
    await reality.backend.bring_users([account(user, right, managed=False)], complete=True)
    assert reality.rights(user) == {right}
    await reality.again().bring_users([], complete=True)
    assert reality.signs_in(user, PASSWORD)
    assert reality.rights(user) == {right}


async def test_a_user_that_somebody_else_made_is_left_alone(reality: Reality, user: str) -> None:
    reality.stranger(user)
    outcome = (await reality.backend.bring_users([account(user, Access("topic", user, "Read"))], complete=True))[user]
    assert outcome.fault is not None
    assert outcome.fault.reason == "UserExists"
    assert reality.rights(user) == frozenset()
    await reality.again().bring_users([], complete=True)
    assert reality.signs_in(user, "theirs")
