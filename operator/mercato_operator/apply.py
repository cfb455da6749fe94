"""Applies a folder of `OrderTopic` manifests to Kafka."""

from pathlib import Path

import yaml

from mercato_operator.admin import KafkaAdmin
from mercato_operator.topics import KIND, InvalidTopicError, OrderTopic, concrete, order_topic


def apply(bootstrap: str, folder: Path) -> list[str]:
    """Brings Kafka's topics to what the manifests declare; may be repeated.

    Answers lines that say what was done, none when there was nothing to do. Raises InvalidTopicError before anything is
    changed, KafkaAdminError when Kafka refuses or does not answer.
    """
    return KafkaAdmin(bootstrap).ensure(concrete(read(folder)))


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
