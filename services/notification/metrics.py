"""What the notification service counts. Labels never hold ids, e-mails or tokens."""

from prometheus_client import Counter

MAILS = Counter(
    "mercato_mails_total",
    "Attempts to mail a notification, by outcome: sent, deferred (tried again), refused (for good), "
    "unknown (the answer was lost, so the mail may go out twice).",
    ["outcome"],
)
