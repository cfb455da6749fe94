"""What a service says of its HTTP API, beside its routes: one `Operation` for each method of each path.

`services.chassis.http.openapi` makes the OpenAPI document of them. What every operation has in common is not said again
here: the errors that follow from a body, a path parameter or a token, `x-trace-id`, and the pages of a list.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from services.chassis.http.problems import Problem

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Schema = Mapping[str, Any]
"""A JSON schema, of the dialect 2020-12."""
Problems = Mapping[type[Problem], str]
"""Errors, each with what it means."""

_IN_PATH = re.compile(r"\{(\w+)\}")


class Access(Enum):
    """Who may call."""

    PUBLIC = "public"
    CUSTOMER = "bearer token"
    ADMIN = "administrator"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A query parameter, a header, or a path parameter that is not an id."""

    name: str
    description: str
    place: Literal["query", "header", "path"] = "query"
    required: bool = False
    schema: Schema = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, kw_only=True)
class Content:
    """A body: its type (a model, a TypedDict or a schema), and what a real one looks like."""

    type: Any
    example: Any = None
    media_type: str = "application/json"
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One way a call ends well; `headers` are named in `services.chassis.http.openapi_common`."""

    status: int
    description: str
    content: Content | None = None
    headers: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path. `problems` are the errors with a meaning of their own here, each with that meaning.

    `other_bodies` are other media types that say the same as `body`; an answer that has the status of an error is what
    that error looks like to who sends one of them.
    """

    method: Method
    path: str
    name: str
    summary: str
    answers: Sequence[Answer]
    description: str = ""
    access: Access = Access.CUSTOMER
    body: Content | None = None
    other_bodies: Sequence[Content] = ()
    parameters: Sequence[Parameter] = ()
    paged: bool = False
    idempotency_key: bool = False
    problems: Problems = field(default_factory=dict)

    @property
    def path_parameters(self) -> list[str]:
        """The names between braces."""
        return _IN_PATH.findall(self.path)


@dataclass(frozen=True)
class ListOf:
    """The type of a page of a list: `{items, next_cursor}`."""

    item: Any


@dataclass(frozen=True)
class SameAs:
    """Marks a dict that answers are written with as having the schema of a model that requests are read by."""

    model: type[BaseModel]

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.model)
