"""What a pod knows about itself."""

from pathlib import Path
from typing import Final

NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def own_namespace() -> str | None:
    """The pod's namespace; None outside a pod, or where no token is mounted."""
    try:
        return NAMESPACE_FILE.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None
