"""Identifiers: UUIDv7 (RFC 9562), unique without a coordinator and ordered by time, so that indexes stay dense."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()
