"""How long a crashed process stays down."""

from cli.supervisor.backoff import Backoff


def test_waits_double_up_to_the_ceiling_with_at_most_half_of_it_random() -> None:
    backoff = Backoff(first=0.2, ceiling=10.0)
    waits = [backoff.after(uptime=1.0) for _ in range(10)]
    for number, wait in enumerate(waits):
        whole = min(10.0, 0.2 * 2**number)
        assert whole / 2 <= wait <= whole


def test_a_healthy_run_is_forgiven() -> None:
    backoff = Backoff(first=0.2, ceiling=10.0, healthy=30.0)
    for _ in range(8):
        backoff.after(uptime=1.0)
    assert backoff.after(uptime=30.0) <= 0.2
