"""What the payment service counts. Labels never hold ids, e-mails or tokens."""

from prometheus_client import Counter, Gauge, Histogram

from services.chassis.observability.metrics import LATENCY

PROVIDER_CALLS = Histogram(
    "mercato_provider_call_seconds",
    "Time of a call to the payment provider, by operation and kind of answer.",
    ["operation", "answer"],
    buckets=LATENCY,
)
PAYMENTS_WAITING = Gauge("mercato_payments_waiting", "Payments whose next provider call waits for its time.")
PAYMENT_WAIT = Gauge(
    "mercato_payment_wait_seconds", "The longest that a command or a due provider call waits before it is begun."
)
PAYMENT_ANSWERS_LATE = Counter(
    "mercato_payment_answers_late_total", "Answers that came after another worker had taken the payment over."
)
