"""Fetches Kafka's jars into one folder at build time: `fetch.py FOLDER`. A build secret `ca` is trusted beside."""

import os
import shutil
import sys
import threading
from pathlib import Path

from cli.embedded import jars

CA = Path("/run/secrets/ca")


def main(folder: Path) -> None:
    if CA.is_file():
        os.environ["SSL_CERT_FILE"] = str(CA)
    repository = Path("/tmp/maven")  # noqa: S108 - in the build stage there is nobody else
    jars.fetch(jars.listed(), repository, jars.REPOSITORY, threading.Event())
    folder.mkdir()
    for jar in jars.listed():
        shutil.move(repository / jar.path, folder / Path(jar.path).name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
