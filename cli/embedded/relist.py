"""Resolves Apache Kafka's jars anew and writes `kafka.jars`: a maintainer's chore when Kafka's version changes."""

from pathlib import Path

import jgo

from cli.embedded.jars import LIST, digest_of

# Kafka itself, and the binding through which its log messages reach log4j (Kafka's own distribution adds it too).
ENDPOINTS = ("org.apache.kafka:kafka_2.13:4.1.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3")


def relist() -> None:
    """Downloads into Maven's own cache; prints nothing."""
    lines = set()
    for artifact in (artifact for endpoint in ENDPOINTS for artifact in jgo.resolve(endpoint)):
        file = Path(artifact.resolve())
        lines.add((f"{artifact.component.path_prefix.as_posix()}/{artifact.filename}", digest_of(file)))
    LIST.write_text("".join(f"{digest}  {path}\n" for path, digest in sorted(lines)))


if __name__ == "__main__":
    relist()
