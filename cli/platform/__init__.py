"""What the commands do to a running platform: through its gateway, and beside it in Kafka and the databases."""
