"""How the operator marks what it writes."""

from typing import Final

MANAGER: Final = "mercato-operator"
"""The field manager of all it applies."""
MANAGED_BY: Final = {"app.kubernetes.io/managed-by": MANAGER, "app.kubernetes.io/part-of": "mercato"}
