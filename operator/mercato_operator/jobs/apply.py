"""Applies a folder of `OrderTopic` manifests to Kafka.

`python -m mercato_operator.jobs.apply` takes the folder from MERCATO_TOPICS_DIRECTORY and the broker from
MERCATO_KAFKA_BOOTSTRAP (with the other MERCATO_KAFKA_… where it asks for a user). Replicas other than the declared ones
come from MERCATO_TOPIC_REPLICAS, users from MERCATO_KAFKA_USERS_DIRECTORY: a file for each, named as the service, that
holds its password.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from mercato_operator.jobs.retrying import retrying
from mercato_operator.jobs.variables import MissingVariableError, kafka_security, required
from mercato_operator.kafka.acls import access
from mercato_operator.kafka.admin import KafkaTopics
from mercato_operator.kafka.backend import REFUSED, UNAVAILABLE, Account, Outcome
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.topics import KIND, InvalidTopicError, OrderTopic, concrete, order_topic
from mercato_operator.kafka.users import KafkaUsers
from mercato_operator.passwords import read_passwords


def apply(
    bootstrap: str,
    folder: Path,
    *,
    security: Mapping[str, str] | None = None,
    users: Mapping[str, str] | None = None,
    replicas: int = 0,
) -> list[str]:
    """Brings Kafka's topics to what the manifests declare; may be repeated.

    `users` maps services to passwords: each becomes a user with the rights that the manifests imply. `replicas` other
    than 0 takes the place of what is declared. Answers lines that say what was done, none when there was nothing to do.
    Raises InvalidTopicError before anything is changed, KafkaAdminError when Kafka refuses or does not answer.
    """
    declared = read(folder)
    topics = concrete(declared)
    if replicas:
        topics = [replace(topic, replicas=replicas) for topic in topics]
    connection = Connection(bootstrap, security)
    done = _lines(KafkaTopics(connection).bring(topics), "")
    if users:
        granted = access(declared)
        accounts = [Account(user, granted.get(user, frozenset()), users[user], managed=False) for user in sorted(users)]
        done += _lines(KafkaUsers(connection).bring(accounts), "user ")
    return done


def _lines(outcomes: Mapping[str, Outcome], kind: str) -> list[str]:
    """Raises KafkaAdminError for what Kafka did not take; what differs and is kept is only told."""
    for outcome in outcomes.values():
        if outcome.fault and outcome.fault.reason in {REFUSED, UNAVAILABLE}:
            raise KafkaAdminError(outcome.fault.message, unavailable=outcome.fault.unknown)
    told = {name: (*one.done, *((one.fault.message,) if one.fault else ())) for name, one in outcomes.items()}
    return [f"{kind}{name}: {line}" for name, lines in told.items() for line in lines]


def read(folder: Path) -> list[OrderTopic]:
    """The `OrderTopic` manifests of a folder, in the order of its files' names. Raises InvalidTopicError."""
    found: list[OrderTopic] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InvalidTopicError(f"{path.name}: it cannot be read: {' '.join(str(error).split())}") from error
        found += [
            order_topic(document, path.name)
            for document in documents
            if isinstance(document, dict) and document.get("kind") == KIND
        ]
    if not found:
        raise InvalidTopicError(f"{folder}: there is no {KIND} manifest in this folder")
    return found


def main() -> None:
    """Raises SystemExit with one line when it could not be done."""
    try:
        bootstrap, folder = required("MERCATO_KAFKA_BOOTSTRAP"), Path(required("MERCATO_TOPICS_DIRECTORY"))
        users = read_passwords(os.environ.get("MERCATO_KAFKA_USERS_DIRECTORY"))
        replicas = int(os.environ.get("MERCATO_TOPIC_REPLICAS") or 0)
        done = retrying(
            lambda: apply(bootstrap, folder, security=kafka_security(), users=users, replicas=replicas),
            KafkaAdminError,
        )
    except (MissingVariableError, InvalidTopicError, KafkaAdminError, OSError, ValueError) as error:
        raise SystemExit(f"topics: {error}") from None
    sys.stdout.write("".join(f"{line}\n" for line in done or ["topics: all as declared"]))


if __name__ == "__main__":
    main()
