"""A service's part of the platform's OpenAPI 3.1 document, made of its operations, at `/openapi.json` of its own port.

The gateway merges the parts. Source: OpenAPI Specification 3.1.1, https://spec.openapis.org/oas/v3.1.1.html.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.http import openapi_common as common
from services.chassis.http import problems
from services.chassis.http.openapi_common import Json
from services.chassis.http.operations import Access, Answer, Content, ListOf, Operation
from services.chassis.http.problems import Problem
from services.chassis.http.responses import json_response

PATH: Final = "/openapi.json"
VERSION: Final = "3.1.1"
API_VERSION: Final = "1.0"
"""Of the API, not of the software: the `v1` of its paths."""

_SECURITY: Final = {
    Access.PUBLIC: [],
    Access.CUSTOMER: [{"bearer": []}],
    Access.ADMIN: [{"bearer": ["admin"]}],
}
_ID: Final = {"type": "string", "format": "uuid"}
_OF_CODE: Final = {"title", "description"}
_DOCUMENT: Final = "Document"
"""What the names of TypedDicts that answers are rendered with end in; the API's readers are spared it."""


def route(service: str, description: str, operations: Sequence[Operation]) -> Route:
    """`GET /openapi.json`. The service's name is the tag of its operations."""
    document = part(service, description, operations)

    async def read(_request: Request) -> Response:
        return json_response(document)

    return Route(PATH, read, methods=["GET"])


def part(service: str, description: str, operations: Sequence[Operation]) -> Json:
    """The document: OpenAPI 3.1, complete in itself."""
    schemas = _Schemas(operations)
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(service, operation, schemas)
    return {
        "openapi": VERSION,
        "info": {"title": service, "version": API_VERSION},
        "tags": [{"name": service, "description": description}],
        "paths": paths,
        "components": {
            "schemas": {**schemas.components, "Problem": common.PROBLEM},
            "responses": common.responses(),
            "headers": common.HEADERS,
            "parameters": common.PARAMETERS,
            "securitySchemes": common.SECURITY_SCHEMES,
        },
    }


class _Generate(GenerateJsonSchema):
    def field_title_should_be_set(self, _schema: Any) -> bool:
        """Never: a title that repeats a field's name tells nothing."""
        return False


class _Schemas:
    """The JSON schemas of all types that operations name, generated together so that none is there twice."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        wanted = {key: TypeAdapter(key[0]) for op in operations for key in _types(op)}
        inputs = [(key, key[1], adapter) for key, adapter in wanted.items()]
        found, rest = TypeAdapter.json_schemas(
            inputs, ref_template="#/components/schemas/{model}", schema_generator=_Generate
        )
        self._named: Json = rest.get("$defs", {})
        self._found = {key[0]: self._written(schema) for key, schema in found.items()}
        self.components: Json = {}
        for name, schema in self._named.items():
            if "properties" not in schema:
                continue
            plain = name.removesuffix(_DOCUMENT)
            if plain in self.components:
                raise ValueError(f"two types of the API would both be called {plain}: rename one of them")
            self.components[plain] = {key: self._written(value) for key, value in schema.items() if key != "title"}

    def of(self, kind: Any, mode: JsonSchemaMode) -> Json:
        """The schema of a type that is read (`validation`) or written (`serialization`)."""
        if isinstance(kind, Mapping):
            return dict(kind)
        if isinstance(kind, ListOf):
            return _page(self._found[kind.item, mode])
        found: Json = self._found[kind, mode]
        return found

    def _written(self, schema: Any) -> Any:
        """With plain names; what is no object, such as an enumeration, is written where it is used."""
        if isinstance(schema, list):
            return [self._written(value) for value in schema]
        if not isinstance(schema, Mapping):
            return schema
        written = {key: self._written(value) for key, value in schema.items()}
        if isinstance(name := written.get("$ref"), str):
            meant = self._named[name.rpartition("/")[2]]
            if "properties" not in meant:
                del written["$ref"]
                return {**{key: value for key, value in meant.items() if key not in _OF_CODE}, **written}
            written["$ref"] = name.removesuffix(_DOCUMENT)
        return written


def _types(operation: Operation) -> Iterator[tuple[Any, JsonSchemaMode]]:
    for body in _bodies(operation):
        if not isinstance(body.type, Mapping):
            yield body.type, "validation"
    for answer in operation.answers:
        if answer.content and not isinstance(answer.content.type, Mapping):
            kind = answer.content.type
            yield kind.item if isinstance(kind, ListOf) else kind, "serialization"


def _bodies(operation: Operation) -> Iterator[Content]:
    if operation.body:
        yield from (operation.body, *operation.other_bodies)


def _page(item: Json) -> Json:
    cursor = {"type": ["string", "null"], "description": "`?cursor` of the next page; null on the last one."}
    return {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {"items": {"type": "array", "items": item}, "next_cursor": cursor},
    }


def _operation(service: str, operation: Operation, schemas: _Schemas) -> Json:
    found: Json = {
        "operationId": operation.name,
        "tags": [service],
        "summary": operation.summary,
        "description": operation.description,
        "security": _SECURITY[operation.access],
        "parameters": list(_parameters(operation)),
        "responses": dict(_responses(operation, schemas)),
    }
    if operation.body:
        found["requestBody"] = {
            "required": operation.body.required,
            "content": {body.media_type: _media(body, schemas, "validation") for body in _bodies(operation)},
        }
    return {key: value for key, value in found.items() if value or key == "security"}


def _parameters(operation: Operation) -> Iterator[Json]:
    own = {parameter.name: parameter for parameter in operation.parameters}
    for name in operation.path_parameters:
        if name not in own:
            yield {"name": name, "in": "path", "required": True, "schema": _ID}
    for parameter in own.values():
        yield {
            "name": parameter.name,
            "in": parameter.place,
            "required": parameter.required or parameter.place == "path",
            "description": parameter.description,
            "schema": dict(parameter.schema),
        }
    for name in _shared_parameters(operation):
        yield {"$ref": f"#/components/parameters/{name}"}


def _shared_parameters(operation: Operation) -> Iterator[str]:
    if operation.idempotency_key:
        yield "IdempotencyKey"
    if operation.paged:
        yield from ("Limit", "Cursor")
    if any(answer.status == 304 for answer in operation.answers):
        yield "IfNoneMatch"


def _responses(operation: Operation, schemas: _Schemas) -> Iterator[tuple[str, Json]]:
    answers = {answer.status: _answer(operation, answer, schemas) for answer in operation.answers}
    kinds: Sequence[type[Problem]] = (*_implied(operation), *operation.problems, *common.ALWAYS)
    expected = {kind.status: kind for kind in kinds}
    for status, answer in answers.items():
        if status not in expected:
            yield str(status), answer
    for status, kind in sorted(expected.items()):
        said = {"description": operation.problems.get(kind, common.MEANINGS[kind][0])}
        if status in answers:
            yield str(status), {**common.beside(kind, answers[status]), **said}
        else:
            yield str(status), {"$ref": f"#/components/responses/{kind.__name__}", **said}
    yield "default", {"$ref": "#/components/responses/Other"}


def _answer(operation: Operation, answer: Answer, schemas: _Schemas) -> Json:
    replayed = ["Idempotency-Replayed"] if operation.idempotency_key else []
    found: Json = {"description": answer.description, "headers": common.header_refs(*answer.headers, *replayed)}
    if answer.content:
        found["content"] = {answer.content.media_type: _media(answer.content, schemas, "serialization")}
    return found


def _implied(operation: Operation) -> Iterator[type[Problem]]:
    """The errors that follow from what the operation takes."""
    if operation.access is not Access.PUBLIC:
        yield problems.Unauthorized
    if operation.access is Access.ADMIN:
        yield problems.Forbidden
    if operation.path_parameters:
        yield problems.NotFound
    if operation.body:
        yield from (problems.BadRequest, problems.PayloadTooLarge)
        if operation.body.media_type == "application/json":
            yield problems.UnsupportedMediaType
    if operation.body or operation.paged or any(each.place == "query" for each in operation.parameters):
        yield problems.InvalidFields


def _media(content: Content, schemas: _Schemas, mode: JsonSchemaMode) -> Json:
    media: Json = {"schema": schemas.of(content.type, mode)}
    return media if content.example is None else {**media, "example": content.example}
