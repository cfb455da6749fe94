from datetime import UTC, datetime, timedelta

import pytest

from services.customer import refresh
from services.customer.refresh import REPEAT_WINDOW, StoredToken, Verdict, judge

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(days=1), NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("token", "verdict"),
    [
        (StoredToken(LATER, None, family_revoked=False), Verdict.ROTATE),
        (StoredToken(EARLIER, None, family_revoked=False), Verdict.REFUSE),
        (StoredToken(LATER, NOW, family_revoked=False), Verdict.REPEAT),
        (StoredToken(LATER, NOW - REPEAT_WINDOW, family_revoked=False), Verdict.REPEAT),
        (StoredToken(LATER, NOW - REPEAT_WINDOW - timedelta(seconds=1), family_revoked=False), Verdict.REVOKE),
        (StoredToken(EARLIER, EARLIER, family_revoked=False), Verdict.REVOKE),
        (StoredToken(LATER, None, family_revoked=True), Verdict.REFUSE),
        (StoredToken(LATER, NOW, family_revoked=True), Verdict.REFUSE),
    ],
)
def test_a_token_is_used_once_repeated_for_a_moment_and_then_betrays_its_family(
    token: StoredToken, verdict: Verdict
) -> None:
    assert judge(token, NOW) is verdict


def test_a_token_has_one_successor_that_only_the_secret_tells() -> None:
    token = refresh.new_token()
    assert refresh.successor(b"secret", token) == refresh.successor(b"secret", token)
    assert refresh.successor(b"other", token) != refresh.successor(b"secret", token)
    assert refresh.successor(b"secret", refresh.new_token()) != refresh.successor(b"secret", token)
    assert token.encode() not in refresh.digest(token)
