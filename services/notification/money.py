"""Money in words a customer reads."""

from services.chassis.currencies import text_of

__all__ = ["text_of"]
