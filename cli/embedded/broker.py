"""What every Kafka for trying out is: one KRaft node, broker and controller, on a small machine.

`./mercato up` takes it from here and so does the image `kafka`, which holds this file alone of the command line: it
imports nothing but the standard library.
"""

import shutil
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=10
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A broker that comes back after kill -9 is refused until the session of its former self has ended.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A quorum of one has no follower to be told twice a second that nothing happened.
metadata.max.idle.interval.ms=0
"""

_LOG4J = """\
Configuration:
  Appenders:
    Console:
      name: out
      PatternLayout: {pattern: "%d{yyyy-MM-dd HH:mm:ss.SSS}{UTC} %p %m (%c{1})%n"}
  Loggers:
    Root: {level: WARN, AppenderRef: {ref: out}}
"""

_JAVA_FLAGS = (
    "-XX:+UseSerialGC",
    # For one small broker the optimizing compiler costs more than it wins back; it also starts twice as fast without.
    "-XX:TieredStopAtLevel=1",
    # Java's warnings about what Kafka and its libraries still use of the JDK say nothing to a user.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)


def files(listeners: str, data: Path) -> dict[str, str]:
    """The node's configuration by file name. `listeners` are its own lines, CONTROLLER among them; `data` its logs."""
    return {"server.properties": f"{listeners}log.dirs={data}\n{_PROPERTIES}", "log4j2.yaml": _LOG4J}


def java(program: str, folder: Path, flags: Sequence[str], class_path: str) -> list[str]:
    """The command that what follows is appended to; `folder` holds the files above, `program` is Java."""
    log4j = f"-Dlog4j2.configurationFile={folder / 'log4j2.yaml'}"
    return [program, *flags, *_JAVA_FLAGS, log4j, "-cp", class_path]


def unformatted(data: Path) -> bool:
    """Whether its storage is to be formatted; what a formatting that was cut short has left is gone then."""
    if (data / "meta.properties").exists():
        return False
    shutil.rmtree(data, ignore_errors=True)
    return True


def format_arguments(folder: Path, cluster: str | None = None) -> list[str]:
    """Formats the storage: a class of Kafka's and its arguments. A cluster without an id gets one."""
    # One random id in sixty-four begins with a dash: only as --name=value is it not taken for an option.
    identity = cluster or urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return ["kafka.tools.StorageTool", "format", f"--cluster-id={identity}", "-c", str(folder / "server.properties")]


def serve_arguments(folder: Path) -> list[str]:
    """Runs it: a class of Kafka's and its argument."""
    return ["kafka.Kafka", str(folder / "server.properties")]
