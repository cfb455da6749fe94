"""What the customer service counts. Labels never hold ids, e-mails or tokens."""

from prometheus_client import Counter

LOGINS = Counter("mercato_logins_total", "Log-ins with a password, by outcome: right, wrong, limited.", ["outcome"])
