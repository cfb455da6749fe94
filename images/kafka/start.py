"""Starts the image's Kafka: writes its configuration, formats its storage the first time, becomes Java.

Environment: KAFKA_ADMIN_PASSWORD (required), KAFKA_CLUSTER_ID (made when missing), KAFKA_ADVERTISED_HOST (`kafka`),
KAFKA_HEAP_OPTS (`-Xmx384m`). All that is written is under /var/lib/kafka.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.embedded import broker

HOME = Path("/var/lib/kafka")
LIBRARY = Path("/opt/kafka/lib")

# Nothing is reachable without a password: clients and the broker itself come by SCRAM. The controller, on loopback,
# takes PLAIN, because a SCRAM password is known only once the controller's own log has been read.
LISTENERS = """\
controller.quorum.voters=1@localhost:9093
listeners=CLIENTS://:9092,BROKER://localhost:9094,CONTROLLER://localhost:9093
advertised.listeners=CLIENTS://{host}:9092,BROKER://localhost:9094
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=BROKER
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
"""

PASSWORD = "${env:KAFKA_ADMIN_PASSWORD}"  # noqa: S105 - a reference that Kafka resolves

JAVA_FLAGS = ("-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData")


def configuration(host: str, home: Path) -> dict[str, str]:
    """By file name; the password stays in the environment, from where Kafka takes it."""
    modules = "org.apache.kafka.common.security"
    listeners = LISTENERS.format(
        host=host,
        password=PASSWORD,
        scram=f"{modules}.scram.ScramLoginModule",
        plain=f"{modules}.plain.PlainLoginModule",
    )
    return broker.files(listeners, home / "data")


def java(home: Path, heap: str) -> list[str]:
    flags = [*heap.split(), *JAVA_FLAGS, f"-Djava.io.tmpdir={home / 'tmp'}"]
    return broker.java("java", home, flags, f"{LIBRARY}/*")


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
    if not broker.unformatted(home / "data"):
        return
    admin = f"SCRAM-SHA-512=[name=admin,password={environment['KAFKA_ADMIN_PASSWORD']}]"
    arguments = broker.format_arguments(home, environment.get("KAFKA_CLUSTER_ID"))
    subprocess.run([*command, *arguments, f"--add-scram={admin}"], env=dict(environment), check=True, timeout=120)


def main() -> None:
    if trouble := complaint(os.environ):
        sys.exit(f"kafka: {trouble}")
    (HOME / "tmp").mkdir(exist_ok=True)
    for name, text in configuration(os.environ.get("KAFKA_ADVERTISED_HOST", "kafka"), HOME).items():
        (HOME / name).write_text(text)
    format_storage(java(HOME, "-Xmx128m"), HOME, os.environ)
    command = java(HOME, os.environ.get("KAFKA_HEAP_OPTS", "-Xmx384m"))
    os.execvp(command[0], [*command, *broker.serve_arguments(HOME)])  # noqa: S606


if __name__ == "__main__":
    main()
