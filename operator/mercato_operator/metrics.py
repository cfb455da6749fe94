"""Every metric of the operator, in one list. Labels never hold names of objects."""

from prometheus_client import Counter, Gauge, Histogram

RECONCILES = Counter(
    "mercato_operator_reconciles_total",
    "Objects that were looked at, by kind and outcome: ready, unready (its status says why), failed (tried again).",
    ["kind", "outcome"],
)
RECONCILE_SECONDS = Histogram(
    "mercato_operator_reconcile_seconds",
    "Time to bring about what objects ask for, by kind; OrderTopics are seen to all at once.",
    ["kind"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0),
)
QUEUE = Gauge("mercato_operator_queue", "Objects whose newest state was not looked at yet, by kind.", ["kind"])
DRIFT = Counter(
    "mercato_operator_drift_total",
    "Things that somebody else had changed or removed and that were put back, by kind: topic, user, or the object's.",
    ["kind"],
)
EVENTS_MISSED = Counter(
    "mercato_operator_events_missed_total",
    "Changes that a list showed and no watch had told, by resource.",
    ["resource"],
)
ACTIVE = Gauge("mercato_operator_active", "1 while this instance holds the lease and works, 0 while it stands by.")
