"""Kafka's topics, users and rights, and what they look like as declared."""
