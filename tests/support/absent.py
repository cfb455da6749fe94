"""What a test needs and this machine has not."""


class Absent(Exception):
    """Says in one line what is not to be had here, and why."""
