"""What every error of the gateway has in common."""

from dataclasses import dataclass
from typing import Any

from services.chassis.http.problems import TYPE_PREFIX


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: Any


def assert_problem(answer: Answer, status: int, slug: str) -> None:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body["type"] == TYPE_PREFIX + slug
    assert answer.body["status"] == status
    assert answer.body["title"]
    assert answer.body["detail"]
    assert len(answer.headers.getall("x-trace-id")) == 1
    # What was too broken to be traced has a UUID instead of the trace id.
    assert len(answer.headers["x-trace-id"]) in ({32, 36} if status == 431 else {32})
