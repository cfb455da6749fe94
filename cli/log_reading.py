"""Reading log files: merged in order of time, and followed as they grow."""

import heapq
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)[.,]?(\d{0,6})")
LOOK = 250
"""Characters of a line in which its time is sought."""
POLL = 0.2


def belongs(name: str, service: str) -> bool:
    """Whether a log's name is that of the service or of one of its replicas."""
    return re.fullmatch(rf"{re.escape(service)}(-\d)?", name) is not None


def plain(_name: str, line: str) -> str:
    return line


def labelled(name: str, line: str) -> str:
    return f"{name:<14} | {line}"


def merged(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """(process, line) of all files in order of time; a line without a time stays with the one above it."""
    for _, name, line in heapq.merge(*(_timed(file) for file in files), key=lambda entry: entry[0]):
        yield name, line


def _timed(file: Path) -> Iterator[tuple[str, str, str]]:
    moment = ""
    with file.open(errors="replace") as lines:
        for line in lines:
            found = TIME.search(line, 0, LOOK)
            # Never back in time within one file, or the merge would lose its order.
            moment = max(moment, f"{found[1]}T{found[2]}.{found[3]:0<6}" if found else moment)
            yield moment, file.stem, line.rstrip("\n")


def followed(files: list[Path]) -> Iterator[tuple[str, str]]:
    """(process, line) as they are written, for ever; files may be cut or replaced meanwhile."""
    places = {file: file.stat().st_size for file in files}
    rests = dict.fromkeys(files, "")
    while True:
        for file in files:
            if not file.exists():
                continue
            if file.stat().st_size < places[file]:
                places[file] = 0
            with file.open("rb") as handle:
                handle.seek(places[file])
                added = handle.read()
            places[file] += len(added)
            *lines, rests[file] = (rests[file] + added.decode(errors="replace")).split("\n")
            for line in lines:
                yield file.stem, line
        time.sleep(POLL)
