"""Figures that tests measured, printed when all have ended."""

from collections.abc import Callable

Measured = Callable[[str, str], None]
"""Takes what was measured, and the figure with its unit."""
