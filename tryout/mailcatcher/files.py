"""What earlier versions kept: a file for each message."""

from collections.abc import Callable
from pathlib import Path

_SUFFIX = ".eml"
_UNFINISHED = ".part"


def take_in(directory: Path, keep: Callable[[str, bytes], None]) -> None:
    """Gives `keep` each message, by its id, and removes its file then. Raises OSError."""
    for file in sorted(directory.iterdir()):
        if file.suffix == _UNFINISHED:  # its sender got no answer, and sends it again
            file.unlink()
        elif file.suffix == _SUFFIX:
            keep(file.stem, file.read_bytes())
            file.unlink()
