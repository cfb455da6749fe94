"""Identifiers: UUIDv7 (RFC 9562), unique without a coordinator and ordered by time, so that indexes stay dense."""

import re
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


_FORM = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def parse_id(text: str) -> UUID | None:
    """A UUID of any version in its standard form (RFC 9562, section 4); None for everything else."""
    return UUID(text) if _FORM.fullmatch(text) else None
