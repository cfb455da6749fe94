"""What the order service counts. Labels never hold ids, e-mails or tokens."""

from prometheus_client import Counter, Gauge, Histogram

from services.chassis.observability.metrics import LATENCY

ORDER_TRANSITIONS = Counter(
    "mercato_order_transitions_total", "Orders that entered a status, by status and reason.", ["status", "reason"]
)
ORDER_CONFIRM_SECONDS = Histogram(
    "mercato_order_confirm_seconds", "From an order's creation to CONFIRMED.", buckets=(*LATENCY, 20.0, 60.0)
)
SAGA_IGNORED = Counter(
    "mercato_saga_ignored_total",
    "Late or duplicate replies the saga ignored by name, by type and order status.",
    ["type", "status"],
)
ADMISSIONS = Counter(
    "mercato_admissions_total",
    "New orders at the gate, by outcome: admitted, refused (503, for there is too much to do), repeated (taken before, "
    "and let through though others are refused).",
    ["outcome"],
)
ADMISSION_LIMIT = Gauge(
    "mercato_admission_limit", "New orders a second that this replica takes; +Inf when it takes all."
)
ADMISSION_WAIT = Gauge(
    "mercato_admission_wait_seconds",
    "How long work waits, by where: placing, pending, product, payment, silence (a partner that says nothing), way "
    "(on all of it, by how many orders are on their way: once there is a limit).",
    ["source"],
)
