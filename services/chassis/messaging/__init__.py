"""Messages in and out: consumer, inbox, outbox and its relay, retries and dead letters."""
