"""The loop: whenever the routes, the endpoints or the keys change, Envoy's files are made anew."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, NoReturn, Self

from services.gateway import endpoints, keys
from services.gateway.certificate import Certificate
from services.gateway.documents import Documents
from services.gateway.endpoints import Apps, own_endpoint
from services.gateway.envoy.files import ENDPOINTS_FOLDER, render
from services.gateway.envoy.options import EnvoyOptions
from services.gateway.files import remove_others, write_all
from services.gateway.memory import Memory
from services.gateway.metrics import REFUSED_DOCUMENTS
from services.gateway.routes import RouteTable, build
from services.gateway.settings import GatewaySettings
from services.gateway.sources import source_of

log = logging.getLogger(__name__)

_FIRST_ANSWER_SECONDS: Final = 2.0
"""How long the first set of files waits for discovery: what was kept from the last run may have moved."""
_TRY_AGAIN_SECONDS: Final = 1.0


class Control:
    """Holds what is known and writes what follows from it. Enter it to start, leave it to stop."""

    def __init__(self, settings: GatewaySettings, options: EnvoyOptions) -> None:
        self._settings, self._options = settings, options
        self._memory = Memory(options.directory / "memory", options.issuer)
        self._documents = Documents()
        self._source = source_of(settings)
        # In files there are no namespaces.
        self._own_namespace = settings.own_namespace if settings.source == "kubernetes" else None
        self._jwks = self._memory.keys()
        self._known = {*settings.backends, settings.service}
        self._on_change: list[Callable[[], None]] = []
        self._changed, self._answered, self._told = asyncio.Event(), asyncio.Event(), asyncio.Event()
        folder = settings.envoy_tls_directory
        self._certificate = None if folder is None else Certificate(folder)
        self._task: asyncio.Task[None] | None = None
        self._failure = "the first files are not written yet"
        self.written = False
        self.apps: Apps = self._with_itself(self._memory.apps() or {})
        self.table: RouteTable = build(self._documents, self._known, settings.gateway_name)

    @property
    def keys_known(self) -> bool:
        """Whether tokens can be checked; while not, protected paths answer 503."""
        return self._jwks is not None

    @property
    def rate_limits(self) -> bool:
        """Whether they are in force."""
        return self._settings.rate_limits

    def services(self) -> Apps:
        """The other services that routes lead to, with their ready endpoints."""
        others = set(self.table.backends) - {self._settings.service}
        return {name: self.apps.get(name, ()) for name in others}

    def on_change(self, callback: Callable[[], None]) -> None:
        """Calls back after each change of the endpoints or the routes."""
        self._on_change.append(callback)

    async def not_ready(self) -> str | None:
        """None once Envoy has a full set of files and this loop keeps it up to date, else the reason."""
        if self._task is None or self._task.done():
            return "the control loop has ended: restart the gateway service"
        return None if self.written else self._source.behind() or self._failure

    def details(self) -> dict[str, object]:
        """What is wrong while the rest works: a certificate, documents that are refused, a source that is away.

        It is no reason to be unready: Envoy in the same pod starts only once this process is ready.
        """
        refused = [f"{one.document}: {one.reason}" for one in self.table.refused]
        told = {"tls": self._certificate and self._certificate.fault(), "behind": self.behind()}
        return {"refused": refused, **{name: reason for name, reason in told.items() if reason}}

    def behind(self) -> str | None:
        """Why the routes may be out of date; None while they are not."""
        return self._source.behind()

    async def __aenter__(self) -> Self:
        self._settings.on_change(lambda _names: self._changed.set())
        self._task = asyncio.create_task(self._run(), name="gateway-control")
        self._task.add_done_callback(_report)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._task

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._source.run(self._on_documents))
            group.create_task(endpoints.follow(self._settings.discovery_url, self._on_apps, self._own_namespace))
            group.create_task(keys.follow(self._settings.jwks_url, self._on_keys))
            if self._certificate is not None:
                group.create_task(self._certificate.run())
            group.create_task(self._keep_written())

    def _on_documents(self, documents: Documents) -> None:
        self._told.set()
        if documents != self._documents:
            self._documents = documents
            self._changed.set()

    def _with_itself(self, apps: Apps) -> Apps:
        """Under the gateway's own name discovery lists where Envoy listens; routes mean this process beside it."""
        return {**apps, self._settings.service: (own_endpoint(self._settings.host, self._settings.port),)}

    def _on_apps(self, apps: Apps) -> None:
        self._answered.set()
        apps = self._with_itself(apps)
        self._known.update(apps)
        if apps != self.apps:
            self.apps = apps
            self._memory.keep_apps(apps)
            self._changed.set()

    def _on_keys(self, jwks: str) -> None:
        if jwks != self._jwks:
            self._jwks = jwks
            self._memory.keep_keys(jwks)
            self._changed.set()

    async def _keep_written(self) -> NoReturn:
        await self._told.wait()  # without it the files would have no route
        with suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), _FIRST_ANSWER_SECONDS)
        while True:
            self._changed.clear()
            try:
                self._write()
            except OSError as error:
                self._failure = f"Envoy's files cannot be written: {error.strerror or error} ({error.filename})"
                log.error("%s; trying again", self._failure)
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
                continue
            self._source.written(self.table.refused)
            await self._changed.wait()

    def _write(self) -> None:
        documents = self._documents
        known = self._known | documents.declared if documents.backends is None else documents.backends
        table = build(self._documents, known, self._settings.gateway_name)
        for refused in table.refused:
            if refused not in self.table.refused:
                log.warning("refused: %s: %s", refused.document, refused.reason)
        REFUSED_DOCUMENTS.set(len(table.refused))
        self.table = table
        options = replace(
            self._options,
            jwks=self._jwks,
            rate_limits=self._settings.rate_limits,
            sample_ratio=self._settings.trace_sample_ratio,
        )
        written = write_all(options.directory, render(table, self.apps, options))
        remove_others(options.directory / ENDPOINTS_FOLDER, {f"{name}.json" for name in table.backends})
        self.written = True
        for callback in self._on_change:
            callback()
        if written:
            log.info("Envoy's files written: %s", ", ".join(written))


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the control loop has ended", exc_info=error)
