"""The folders that the controller manager makes for claims, in the node's own /tmp."""

import os
import stat
from contextlib import suppress
from pathlib import Path

VOLUMES = Path("/tmp/hostpath_pv")  # noqa: S108 - where the controller manager has them, always
FOR_ALL = 0o777


def let_pods_write(volumes: Path = VOLUMES) -> None:
    """They are made for root alone, and host paths know no fsGroup: pods that are not root could not write."""
    with suppress(FileNotFoundError):  # there is none yet, or it was just deleted
        for entry in os.scandir(volumes):
            if stat.S_IMODE(entry.stat().st_mode) != FOR_ALL:
                Path(entry).chmod(FOR_ALL)
