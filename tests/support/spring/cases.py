"""The documents and questions in `corpus/`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.support.spring.documents import Documents
from tests.support.spring.shop import ConfigQuery

FOLDER = Path(__file__).with_name("corpus")


@dataclass(frozen=True, slots=True)
class Case:
    """One set of documents, and what is asked of them.

    `refused` is a document that Spring cannot serve. `compare` are the aspects that are compared, where Spring's own
    output says something else than the documents do; none are all.
    """

    name: str
    documents: Documents
    queries: tuple[ConfigQuery, ...]
    refused: str | None = None
    compare: tuple[str, ...] = ()


def cases() -> Iterator[Case]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for name, told in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            queries = tuple(ConfigQuery(**query) for query in told["ask"])
            yield Case(
                f"{file.stem}: {name}", told["files"], queries, told.get("refused"), tuple(told.get("compare", ()))
            )
