"""Starts the image's Kafka: writes its configuration, formats its storage the first time, becomes Java.

Environment: KAFKA_ADMIN_PASSWORD (required), KAFKA_CLUSTER_ID (made when missing), KAFKA_ADVERTISED_HOST (`kafka`),
KAFKA_HEAP_OPTS (`-Xmx384m`). All that is written is under /var/lib/kafka.
"""

import os
import shutil
import subprocess
import sys
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

HOME = Path("/var/lib/kafka")
LIBRARY = Path("/opt/kafka/lib")

# Nothing is reachable without a password: clients and the broker itself come by SCRAM. The controller, on loopback,
# takes PLAIN, because a SCRAM password is known only once the controller's own log has been read.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@localhost:9093
listeners=CLIENTS://:9092,BROKER://localhost:9094,CONTROLLER://localhost:9093
advertised.listeners=CLIENTS://{host}:9092,BROKER://localhost:9094
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.clients.scram-sha-512.sasl.jaas.config={scram} required;
listener.name.broker.scram-sha-512.sasl.jaas.config={scram} required username="admin" password="{password}";
listener.name.controller.plain.sasl.jaas.config={plain} required username="admin" password="{password}" \
user_admin="{password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:admin
config.providers=env
config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
config.providers.env.param.allowlist.pattern=KAFKA_ADMIN_PASSWORD
log.dirs={home}/data
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
"""

PASSWORD = "${env:KAFKA_ADMIN_PASSWORD}"  # noqa: S105 - a reference that Kafka resolves

LOG4J = """\
Configuration:
  Appenders:
    Console:
      name: out
      PatternLayout: {pattern: "%d{yyyy-MM-dd HH:mm:ss.SSS}{UTC} %p %m (%c{1})%n"}
  Loggers:
    Root: {level: WARN, AppenderRef: {ref: out}}
"""

JAVA_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    # For one small broker the optimizing compiler costs more than it wins back; it also starts twice as fast without.
    "-XX:TieredStopAtLevel=1",
    # Java's warnings about what Kafka and its libraries still use of the JDK say nothing to a user.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)


def properties(host: str, home: Path) -> str:
    """The configuration; the password stays in the environment, from where Kafka takes it."""
    modules = "org.apache.kafka.common.security"
    return PROPERTIES.format(
        host=host,
        home=home,
        password=PASSWORD,
        scram=f"{modules}.scram.ScramLoginModule",
        plain=f"{modules}.plain.PlainLoginModule",
    )


def java(home: Path, heap: str) -> list[str]:
    return [
        *("java", *heap.split(), *JAVA_FLAGS, f"-Djava.io.tmpdir={home / 'tmp'}"),
        *(f"-Dlog4j2.configurationFile={home / 'log4j2.yaml'}", "-cp", f"{LIBRARY}/*"),
    ]


def complaint(environment: Mapping[str, str]) -> str | None:
    """What is wrong with the environment, if anything."""
    password = environment.get("KAFKA_ADMIN_PASSWORD", "")
    if not password:
        return "KAFKA_ADMIN_PASSWORD is missing: set the password of the user admin"
    if not password.isascii() or not password.isalnum():
        return "KAFKA_ADMIN_PASSWORD has characters that Kafka's own files take for syntax: use letters and digits"
    return None


def format_storage(command: list[str], home: Path, environment: Mapping[str, str]) -> None:
    """Once: a formatting that was cut short has left no meta.properties and is done anew."""
    data = home / "data"
    if (data / "meta.properties").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    # One random id in sixty-four begins with a dash: only as --name=value is it not taken for an option.
    cluster = environment.get("KAFKA_CLUSTER_ID") or urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    admin = f"SCRAM-SHA-512=[name=admin,password={environment['KAFKA_ADMIN_PASSWORD']}]"
    arguments = ["format", f"--cluster-id={cluster}", "-c", str(home / "server.properties"), f"--add-scram={admin}"]
    subprocess.run([*command, "kafka.tools.StorageTool", *arguments], check=True, timeout=120)


def main() -> None:
    if trouble := complaint(os.environ):
        sys.exit(f"kafka: {trouble}")
    (HOME / "tmp").mkdir(exist_ok=True)
    (HOME / "server.properties").write_text(properties(os.environ.get("KAFKA_ADVERTISED_HOST", "kafka"), HOME))
    (HOME / "log4j2.yaml").write_text(LOG4J)
    format_storage(java(HOME, "-Xmx128m"), HOME, os.environ)
    command = java(HOME, os.environ.get("KAFKA_HEAP_OPTS", "-Xmx384m"))
    os.execvp(command[0], [*command, "kafka.Kafka", str(HOME / "server.properties")])  # noqa: S606


if __name__ == "__main__":
    main()
