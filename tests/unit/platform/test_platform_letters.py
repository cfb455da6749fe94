"""Dead letters: which are open, what is put back, what is never shown."""

from cli.invariants.logs import Subscription, groups_of_others, set_aside
from cli.platform.letters import Letter, Outcome, marker, settle
from cli.platform.masking import masked

TOPIC = "order.replies.order.dead-letter"
HEADERS = {"ce_id": "m-1", "ce_type": "t", "traceparent": "00-1", "mercato-origin": "order.replies/3/9"}


def letter(offset: int, headers: dict[str, str] | None = None) -> Letter:
    return Letter(TOPIC, 0, offset, b"o-1", b"{}", HEADERS if headers is None else headers)


def test_a_marker_settles_the_letter_it_names_and_no_other() -> None:
    first, second = letter(0), letter(1)
    found, outcomes = settle([first, second, letter(2, marker(first, Outcome.REPLAYED))])
    assert found == [first, second]
    assert outcomes == {first.id: Outcome.REPLAYED}


def test_a_letter_goes_back_to_where_it_came_from_without_the_story_of_its_failure() -> None:
    assert letter(0).target == "order.replies"
    assert letter(0).message_headers == {"ce_id": "m-1", "ce_type": "t", "traceparent": "00-1"}
    assert letter(0, {"mercato-origin": "order.events"}).target == "order.events"
    assert letter(0, {}).target is None


def test_open_and_discarded_letters_account_for_a_message_and_replayed_ones_do_not() -> None:
    one = Subscription("order.replies", "order")
    letters = [letter(0), letter(1, HEADERS | {"ce_id": "m-2"}), letter(2, HEADERS | {"ce_id": "m-3"})]
    outcomes = {letters[1].id: Outcome.DISCARDED, letters[2].id: Outcome.REPLAYED}
    aside = set_aside(letters, outcomes, {one: frozenset({"m-4"})})
    assert aside["order"].ids == {"m-1", "m-2", "m-4"}


def test_a_letter_without_an_id_accounts_for_its_place_in_the_log() -> None:
    one = Subscription("order.replies", "order")
    aside = set_aside([letter(0, {"mercato-origin": "order.replies/3/9"})], {}, {one: frozenset()})
    assert aside["order"].locations == {"order.replies/3/9"}


def test_a_group_of_another_namespace_is_told_from_the_topic_it_reads() -> None:
    topics = ["order.events", "order.events.team-a.order.dead-letter", "order.events.notification.dead-letter"]
    assert groups_of_others(topics) == ["team-a.order"]


def test_payment_tokens_are_masked_wherever_they_stand() -> None:
    shown = masked(b'{"order_id": "o-1", "token": "secret-1", "note": ["paid by pm_card_visa"], "total": 5}')
    assert "secret-1" not in shown
    assert "pm_card" not in shown
    assert '"order_id": "o-1"' in shown


def test_a_token_in_what_is_not_json_is_masked_too() -> None:
    assert masked(b"broken {tok_visa \xff") == "broken {**** \ufffd"
