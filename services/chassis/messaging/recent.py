"""Rows that this process wrote last: what follows may decide on them without reading them again.

They may be out of date, and that does no harm: the statement at the end of a unit names the revision of each row it
changes, and conflicts when the row has another by then. A decision that changes nothing has no such proof, so whoever
takes it on a remembered row raises Stale (`unit.py`), and the unit is worked anew, with what the database says.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST = 2000


class Recent(Generic[K, V]):
    """The last `most` rows by key. For all threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._rows: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, keys: Iterable[K]) -> dict[K, V]:
        """Those that are remembered."""
        with self._lock:
            return {key: self._rows[key] for key in keys if key in self._rows}

    def remember(self, rows: Mapping[K, V]) -> None:
        """As they were written just now."""
        with self._lock:
            for key, row in rows.items():
                self._rows[key] = row
                self._rows.move_to_end(key)
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)

    def __len__(self) -> int:
        return len(self._rows)
