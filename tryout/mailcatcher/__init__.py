"""A mail server that delivers nothing: it keeps every message and shows it."""
