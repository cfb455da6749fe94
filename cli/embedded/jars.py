"""Apache Kafka's jars: listed with their digests in `kafka.jars`, fetched once into the download cache.

The list is made by `python -m cli.embedded.relist`, when Kafka's version changes.
"""

import hashlib
import os
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError

from cli.supervisor.spec import StartError

LIST = Path(__file__).with_name("kafka.jars")
REPOSITORY = "https://repo.maven.apache.org/maven2"
PARALLEL = 8
TIMEOUT = 20.0
CHUNK = 1 << 18


@dataclass(frozen=True)
class Jar:
    """`path` is its place in a Maven repository, and in the cache."""

    path: str
    sha256: str


def listed() -> list[Jar]:
    """What `kafka.jars` lists, in the format of sha256sum."""
    lines = (line.split() for line in LIST.read_text().splitlines())
    return [Jar(path, digest) for digest, path in lines]


def class_path(cache: Path) -> str:
    """Java's class path, from the cache alone."""
    return os.pathsep.join(str(cache / jar.path) for jar in listed())


def missing(cache: Path) -> list[Jar]:
    """The jars that are not in the cache, or not as they should be."""
    with ThreadPoolExecutor(2) as pool:
        jars = listed()
        intact = pool.map(lambda jar: digest_of(cache / jar.path) == jar.sha256, jars)
        return [jar for jar, good in zip(jars, intact, strict=True) if not good]


def fetch(jars: list[Jar], cache: Path, repository: str, cancelled: threading.Event) -> None:
    """Download `jars`, several at a time; each is checked before it takes its place. Raises StartError."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        for done in [pool.submit(_fetch, jar, cache, repository, cancelled) for jar in jars]:
            try:
                done.result()
            except BaseException:
                cancelled.set()
                pool.shutdown(cancel_futures=True)
                raise


def _fetch(jar: Jar, cache: Path, repository: str, cancelled: threading.Event) -> None:
    url = f"{repository}/{jar.path}"
    target = cache / jar.path
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, partial.open("wb") as file:  # noqa: S310
            while (chunk := answer.read(CHUNK)) and not cancelled.is_set():
                digest.update(chunk)
                file.write(chunk)
        if cancelled.is_set():
            return
        if digest.hexdigest() != jar.sha256:
            raise StartError(f"the download of {url} is broken (its sha256 is not the expected one): try again")
        partial.replace(target)
    except HTTPError as error:
        error.close()
        raise StartError(f"cannot download Apache Kafka: {url} answers {error.code}: try again later") from error
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise StartError(
            f"cannot download Apache Kafka ({reason}): check the network or proxy, then try again"
        ) from error
    except OSError as error:
        raise StartError(f"cannot write to {cache} ({error.strerror}): put that right, then try again") from error
    finally:
        partial.unlink(missing_ok=True)


def digest_of(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
