"""How the operator marks what it writes."""

from typing import Final

MANAGER: Final = "mercato-operator"
"""The field manager of all it applies."""
FINALIZER: Final = "mercato.dev/cleanup"
"""On objects whose deletionPolicy is Delete, and on no others."""
MANAGED_BY: Final = {"app.kubernetes.io/managed-by": MANAGER, "app.kubernetes.io/part-of": "mercato"}
