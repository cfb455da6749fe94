"""What the gateway says of its own HTTP API, as far as it can be reached through itself."""

from typing import Final

from services.chassis.http.operations import Access, Answer, Content, Operation

DESCRIPTION: Final = "This description itself."

_NOT_CHANGED: Final = Answer(status=304, description="Not changed.", headers=["ETag", "Cache-Control"])

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/openapi.json",
        name="readOpenApi",
        summary="This API as an OpenAPI 3.1 document",
        description="Made of what the services say of themselves, as far as the gateway routes to them.",
        access=Access.PUBLIC,
        answers=[
            Answer(
                status=200,
                description="The document.",
                content=Content(type={"type": "object", "required": ["openapi", "info", "paths"]}),
                headers=["ETag", "Cache-Control"],
            ),
            _NOT_CHANGED,
        ],
    ),
    Operation(
        method="GET",
        path="/docs",
        name="readDocs",
        summary="This API as a page to browse",
        access=Access.PUBLIC,
        answers=[
            Answer(
                status=200,
                description="The page; it loads nothing but `/openapi.json`.",
                content=Content(type={"type": "string"}, media_type="text/html"),
                headers=["ETag", "Cache-Control"],
            ),
            _NOT_CHANGED,
        ],
    ),
)
