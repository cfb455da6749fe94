"""A shop whose every answer is held against the platform's own OpenAPI document."""

import re
from dataclasses import dataclass, field
from typing import Any, Self

from jsonschema import Draft202012Validator

from tests.end_to_end.shop import Answer, Shop

SECTION = re.compile(r"#/components/(\w+)/([\w-]+)")


@dataclass
class Described:
    """Calls `shop`; fails on an answer that the document does not allow, and remembers what was answered."""

    shop: Shop
    document: dict[str, Any]
    seen: set[tuple[str, str]] = field(default_factory=set)
    """(operationId, status)"""

    @classmethod
    async def of(cls, shop: Shop) -> Self:
        answer = await shop.call("GET", "/openapi.json")
        assert answer.status == 200, answer
        return cls(shop, answer.body)

    @property
    def operations(self) -> dict[str, Any]:
        """By operationId."""
        return {op["operationId"]: op for item in self.document["paths"].values() for op in item.values()}

    async def call(self, method: str, path: str, **how: Any) -> Answer:
        answer = await self.shop.call(method, path, **how)
        operation = self._operation(method, path.partition("?")[0])
        described = operation["responses"].get(str(answer.status))
        assert described, f"{operation['operationId']} does not say that it answers {answer.status}: {answer.body}"
        self._check(answer, self._resolved(described))
        self.seen.add((operation["operationId"], str(answer.status)))
        return answer

    def _operation(self, method: str, path: str) -> Any:
        for template, item in self.document["paths"].items():
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
            if method.lower() in item and re.fullmatch(pattern, path):
                return item[method.lower()]
        raise AssertionError(f"{method} {path} is not described")

    def _resolved(self, value: Any) -> Any:
        reference = SECTION.fullmatch(value.get("$ref", ""))
        return value if reference is None else self.document["components"][reference[1]][reference[2]]

    def _check(self, answer: Answer, described: Any) -> None:
        for name, reference in described.get("headers", {}).items():
            header = self._resolved(reference)
            if name.lower() in answer.headers:
                self._validate(answer.headers[name.lower()], header["schema"])
            else:
                assert not header.get("required"), f"{name} is missing"
        if "content" not in described:
            assert answer.body == b""
            return
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in described["content"], f"{kind} is not described"
        if "json" in kind:
            self._validate(answer.body, described["content"][kind]["schema"])

    def _validate(self, value: Any, schema: Any) -> None:
        whole = {"components": _closed(self.document["components"]), **_closed(schema)}
        Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def _closed(schema: Any) -> Any:
    """Clients must bear members they do not know; that we send none which are not described is for this test to see."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(each) for key, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
