"""Kafka's jars come whole or not at all, and only those that are missing."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.embedded import jars
from cli.embedded.jars import Jar
from cli.supervisor.spec import StartError

CONTENT = b"a jar" * 1000
GOOD = Jar("org/example/good.jar", hashlib.sha256(CONTENT).hexdigest())


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "repository"
    (folder / "org" / "example").mkdir(parents=True)
    (folder / GOOD.path).write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_missing_jar_is_fetched_and_then_no_longer_missing(
    repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "listed", lambda: [GOOD])
    cache = tmp_path / "cache"
    assert jars.missing(cache) == [GOOD]
    jars.fetch([GOOD], cache, repository, threading.Event())
    assert jars.missing(cache) == []
    assert jars.class_path(cache) == str(cache / GOOD.path)


def test_a_spoilt_jar_in_the_cache_counts_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "listed", lambda: [GOOD])
    (tmp_path / GOOD.path).parent.mkdir(parents=True)
    (tmp_path / GOOD.path).write_bytes(CONTENT[:-1])
    assert jars.missing(tmp_path) == [GOOD]


def test_a_broken_download_is_refused_and_leaves_nothing(repository: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(StartError, match=r"is broken .* try again"):
        jars.fetch([Jar(GOOD.path, "0" * 64)], cache, repository, threading.Event())
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_no_network_is_one_line_that_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="check the network or proxy"):
        jars.fetch([GOOD], tmp_path, "http://127.0.0.1:9", threading.Event())


def test_an_absent_jar_is_one_line(repository: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="answers 404"):
        jars.fetch([Jar("org/example/ghost.jar", "0" * 64)], tmp_path, repository, threading.Event())


def test_the_list_names_kafka_and_gives_every_jar_a_digest() -> None:
    listed = jars.listed()
    assert any(jar.path.endswith("kafka_2.13-4.1.1.jar") for jar in listed)
    assert all(len(jar.sha256) == 64 for jar in listed)
