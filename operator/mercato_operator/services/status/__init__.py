"""What is told of a service."""
