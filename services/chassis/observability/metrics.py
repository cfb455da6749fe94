"""The metrics that every service has: name, labels, meaning. Labels never hold ids, e-mails or tokens."""

from prometheus_client import Counter, Gauge, Histogram

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# -- HTTP ------------------------------------------------------------------------------------------------------------
HTTP_REQUESTS = Histogram(
    "mercato_http_request_seconds",
    "Time to answer a request, by route template, method and status.",
    ["route", "method", "status"],
    buckets=LATENCY,
)

# -- Messaging -------------------------------------------------------------------------------------------------------
OUTBOX_PUBLISHED = Counter("mercato_outbox_published_total", "Outbox rows acknowledged by Kafka, by topic.", ["topic"])
OUTBOX_DELAY = Histogram(
    "mercato_outbox_delay_seconds",
    "From the insertion of a batch's oldest row to Kafka's acknowledgement.",
    buckets=LATENCY,
)
OUTBOX_BACKLOG = Gauge("mercato_outbox_backlog", "Outbox rows that wait to be published.")
OUTBOX_FAILURES = Counter("mercato_outbox_failures_total", "Rounds of the relay that failed and are repeated.")
OUTBOX_REFUSED = Counter(
    "mercato_outbox_refused_total", "Outbox rows Kafka refused for good; they are set aside in the outbox."
)
MESSAGES_HANDLED = Counter(
    "mercato_messages_handled_total", "Messages whose effect was committed, by topic and type.", ["topic", "type"]
)
MESSAGES_DUPLICATE = Counter(
    "mercato_messages_duplicate_total", "Messages the inbox had seen already, by topic.", ["topic"]
)
MESSAGES_RETRIED = Counter(
    "mercato_messages_retried_total", "Messages sent to the retry topic, by source topic.", ["topic"]
)
DEAD_LETTERS = Counter(
    "mercato_dead_letters_total", "Messages sent to the dead letters, by source topic and reason.", ["topic", "reason"]
)
BATCH_SECONDS = Histogram(
    "mercato_batch_seconds", "Time to handle a batch in one transaction, by topic.", ["topic"], buckets=LATENCY
)
BATCH_SIZE = Histogram(
    "mercato_batch_messages", "Messages in a batch, by topic.", ["topic"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
BATCH_FAILURES = Counter(
    "mercato_batch_failures_total", "Batches that failed and are repeated or split, by topic.", ["topic"]
)
CONSUMER_STOPPED = Gauge(
    "mercato_consumer_stopped",
    "1 where a consumer stopped, because too many of its messages could not be handled, by topic.",
    ["topic"],
)
KAFKA_CLIENTS_REPLACED = Counter(
    "mercato_kafka_clients_replaced_total",
    "Kafka clients that had no answer for long, or broke, and gave way to a new one, by use: consume or produce.",
    ["use"],
)
