"""Where things are: the checkout, the download cache, the git-ignored state of this checkout."""

import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
STATE = CHECKOUT / ".mercato"
DEFAULT_DATA = STATE / "data"
LAST_STARTED = STATE / "last-started"
"""Names the data folder of the instance last started from this checkout."""
PYTHON = Path(sys.executable)

REPLICATED = ("customer", "product", "order", "payment", "notification")
"""Services that may run more than once; each has its own database, so these are its roles too."""
DATABASES = (*REPLICATED, "simulator")


def cache() -> Path:
    """The download cache shared by all checkouts of this user."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mercato"


def with_operator() -> None:
    """Lets the operator's code be imported: what it does on a cluster is done on one machine by the same code."""
    if (folder := str(CHECKOUT / "operator")) not in sys.path:
        sys.path.append(folder)
