"""Whatever a document says, nobody is answered 5xx, and no other document is harmed."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.types import ASGIApp

from services.chassis.http.app import application
from services.config import java_properties
from services.config.api import routes
from services.config.app import build
from services.config.backend import Snapshot
from services.config.configmaps import Reading, read
from services.config.health import health_routes
from services.config.settings import ConfigSettings
from tests.support.asgi import Answer, get
from tests.support.config_documents import documents

PATHS = [
    *("/order/default", "/order/dev,test/main", "/order,payment/dev/feature(_)x", "/other/test"),
    *(
        f"/order-dev.{form}{query}"
        for form in ("yml", "json", "properties")
        for query in ("", "?resolvePlaceholders=false")
    ),
    *("/main/order-default.yaml", "/readyz", "/actuator/health"),
]
GOOD = "limit: 1\n---\nspring.config.activate.on-profile: dev\nlimit: 2\n"


def check(path: str, answer: Answer) -> None:
    """It is no failure, and reads as what it says it is."""
    assert answer.status == 200, (path, answer)
    form = path.partition("?")[0].rpartition(".")[2]
    if form in {"yml", "yaml"}:
        yaml.safe_load(answer.body)
    elif form == "properties":
        java_properties.parts(answer.body.decode())
    else:
        told = json.loads(answer.body, parse_constant=refuse)
        names = [source["name"] for source in told["propertySources"]] if "propertySources" in told else []
        assert len(names) == len(set(names))


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


async def asked(app: ASGIApp, *more: str) -> dict[str, bytes]:
    answers = {path: await get(app, path) for path in (*PATHS, *more)}
    for path, answer in answers.items():
        check(path, answer)
    return {path: answer.body for path, answer in answers.items()}


class Fixed:
    """A backend that was told once."""

    def __init__(self, reading: Reading) -> None:
        self._snapshot = reading.snapshot

    def snapshot(self) -> Snapshot:
        return self._snapshot

    async def changes(self) -> AsyncGenerator[Snapshot, None]:
        yield self._snapshot

    def behind(self) -> None:
        return None

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_error: object) -> None: ...


def configmap(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1"}
    return {"metadata": metadata, "data": data}


def app_of(reading: Reading) -> Starlette:
    async def fine() -> None:
        return None

    config = ConfigSettings()
    return application(config, routes=[*health_routes(fine), *routes(Fixed(reading), config)])


@settings(max_examples=150, deadline=None)
@given(st.lists(documents, min_size=1, max_size=3), documents)
def test_config_maps_of_any_content(first: Sequence[tuple[str, str]], then: tuple[str, str]) -> None:
    good = configmap("payment", **{"application.yml": GOOD})
    before = read([configmap("order", **dict(first)), good], {}, "shop")
    after = read([configmap("order", **{then[0]: then[1]}), good], before.understood, "shop")

    async def run() -> None:
        alone = await get(app_of(read([good], {}, "shop")), "/payment/dev")
        told = [await asked(app_of(reading), "/payment/dev") for reading in (before, after)]
        assert [each["/payment/dev"] for each in told] == [alone.body, alone.body]
        if after.broken and not before.broken:
            assert told[0]["/order/default"] == told[1]["/order/default"]

    asyncio.run(run())


FILES = documents.map(
    lambda document: yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "order", "labels": {"mercato.dev/config": "true"}},
            "data": {document[0]: document[1]},
        }
    ).encode()
)
RAW = documents.map(lambda document: document[1].encode("utf-8", "surrogatepass")) | st.binary(max_size=60)
HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: payment, labels: {mercato.dev/config: "true"}}\n'


@settings(max_examples=60, deadline=None)
@given(FILES | RAW | RAW.map(lambda raw: HEAD.encode() + b"data:\n  " + raw))
def test_files_of_any_content(content: bytes) -> None:
    async def run(folder: Path) -> None:
        (folder / "a.yaml").write_text(f"{HEAD}data: {{application.yml: {json.dumps(GOOD)}}}\n")
        (folder / "b.yaml").write_bytes(content)
        app = build(ConfigSettings(config_directory=folder))
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(app.router.lifespan_context(app))
            told = await asked(app, "/payment/dev")
        values = [source["source"]["limit"] for source in json.loads(told["/payment/dev"])["propertySources"][-2:]]
        assert values == [2, 1]

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


_SEGMENTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "order",
        "order,payment",
        "dev",
        "dev,test",
        "order-dev.yml",
        "x-.json",
        "-.yml",
        "..",
        "feature(_)x",
        "actuator",
        "",
    ]
)
_QUERIES = st.sampled_from(["", "?resolvePlaceholders=", "?resolvePlaceholders=no&resolvePlaceholders=%FF", "?%00"])


@settings(max_examples=300, deadline=None)
@given(st.lists(_SEGMENTS, min_size=1, max_size=4), _QUERIES)
def test_paths_of_any_kind(segments: list[str], query: str) -> None:
    app = app_of(read([configmap("order", **{"application.yml": GOOD})], {}, "shop"))
    target = "/" + "/".join(quote(segment, safe=",()") for segment in segments) + query
    answer = asyncio.run(get(app, target))
    assert answer.status in {200, 404, 422}
    assert answer.status == 200 or answer.headers["content-type"] == "application/problem+json"
