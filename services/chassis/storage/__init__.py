"""The service's own PostgreSQL database."""
