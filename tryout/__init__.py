"""Stand-ins for the outside world, for trying the platform out: a payment provider and a mail server."""
