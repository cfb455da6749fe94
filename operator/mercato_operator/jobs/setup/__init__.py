"""What an installation needs once: passwords, keys and the first administrator, as Secrets."""
