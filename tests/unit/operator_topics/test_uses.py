"""What the services controller tells the topics controller, and hears back."""

from dataclasses import replace

import pytest
from mercato_operator.topics.uses import Use, UserState, Uses

USE = Use("loyalty", frozenset({"order.events"}), frozenset(), ("shop", "loyalty-kafka"), "secret")


@pytest.fixture
def uses() -> Uses:
    return Uses()


def test_the_other_side_hears_of_changes_and_of_nothing_else(uses: Uses) -> None:
    heard: list[int] = []
    uses.on_wanted(lambda: heard.append(len(uses.all())))
    uses.want(USE)
    uses.want(USE)
    uses.want(replace(USE, password="other"))
    uses.forget("loyalty")
    uses.forget("loyalty")
    uses.synced = True
    uses.synced = True
    assert heard == [1, 1, 0, 0]


def test_a_state_is_told_once_and_only_of_users_that_are_wanted(uses: Uses) -> None:
    heard: list[str] = []
    uses.on_state(heard.append)
    state = UserState(USE, True, "Granted", "")
    uses.told({"loyalty": state})
    assert uses.state("loyalty") is None
    uses.want(USE)
    uses.told({"loyalty": state})
    uses.told({"loyalty": state})
    assert heard == ["loyalty"]
    assert uses.state("loyalty") == state


def test_a_password_is_in_no_text(uses: Uses) -> None:
    assert "secret" not in repr(USE).replace("secret=", "")
