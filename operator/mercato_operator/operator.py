"""The operator: `python -m mercato_operator.operator`.

kopf watches the objects and handles signals; what the objects ask for is brought about by controllers, which are told
of each change and otherwise trust only what they see (docs/decisions/0014-operator.md).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import kopf
from prometheus_client import start_http_server

from mercato_operator import definitions, metrics, wiring
from mercato_operator.definitions import DefinitionError
from mercato_operator.kube.controller import Controller
from mercato_operator.kube.informer import Informer
from mercato_operator.kube.lease import Lease, LeaseLost
from mercato_operator.kube.watches import registry, watching_settings
from mercato_operator.probes import Probes
from mercato_operator.settings import OperatorSettings
from services.chassis.configuration.settings import load
from services.chassis.kube.client import InvalidClusterAccessError, Kubernetes, KubernetesError
from services.chassis.observability import telemetry
from services.chassis.retry import Backoff
from services.chassis.runtime.tasks import die, stop

log = logging.getLogger(__name__)


class Shell:
    """One process: stands by, then works until it is told to end or loses the lease."""

    def __init__(self, settings: OperatorSettings) -> None:
        self._settings = settings
        self._controllers: Sequence[Controller] = ()
        self._informer: Informer | None = None
        self._starting: str | None = "it starts"

    async def run(self) -> None:
        """Raises SystemExit with one line where it cannot even begin."""
        settings = self._settings
        probes = Probes(settings.host, settings.port, self._stuck, self._unready)
        try:
            await probes.start()
        except OSError as error:
            raise SystemExit(
                f"operator: cannot listen on port {settings.port} ({error.strerror}): set MERCATO_PORT"
            ) from None
        try:
            async with Kubernetes("mercato-operator") as client:
                await self._work(client)
        except (InvalidClusterAccessError, DefinitionError, LeaseLost) as error:
            raise SystemExit(f"operator: {error}") from None
        finally:
            await probes.stop()

    async def _work(self, client: Kubernetes) -> None:
        settings = self._settings
        # By the pod's name: what is started anew in a pod goes on at once, since its predecessor there is dead.
        lease = Lease(client, settings.namespace, settings.lease, settings.instance)
        self._starting = None  # whoever stands by is ready: an update goes on, and the one before gives way
        await lease.acquire()
        self._starting = "it starts"
        metrics.ACTIVE.set(1)
        keeping = asyncio.create_task(_keep(lease), name="lease")
        try:
            await _definitions(client)
            async with wiring.controllers(settings, client) as controllers:
                self._controllers = controllers
                self._informer = Informer(client, controllers, settings.all_namespaces)
                await kopf.operator(
                    registry=registry(self._informer, self._lifespan),
                    settings=watching_settings(self._informer.resources),
                    namespaces=settings.all_namespaces,
                    standalone=True,
                )
        finally:
            await stop(keeping)
            await lease.release()

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        """What runs while kopf watches."""
        assert self._informer is not None  # noqa: S101 - made before
        await self._informer.read()
        for controller in self._controllers:
            await controller.start()
        await self._informer.start()
        self._starting = None
        try:
            yield
        finally:
            await self._informer.stop()
            for controller in reversed(self._controllers):
                await controller.stop()

    def _stuck(self) -> Mapping[str, str]:
        parts = {type(one).__name__: one.healthy() for one in self._controllers}
        parts["watches"] = self._informer.healthy() if self._informer else None
        return {part: reason for part, reason in parts.items() if reason}

    def _unready(self) -> Mapping[str, str]:
        return {"start": self._starting} if self._starting else {}


async def _keep(lease: Lease) -> None:
    try:
        await lease.keep()
    except LeaseLost as error:
        # At once, with nothing tidied up: another instance may be active already.
        die("the operator ends", error)


async def _definitions(client: Kubernetes) -> None:
    """As often as it takes: the API server may be about to start, too."""
    for pause in Backoff(first=0.5, limit=10.0):
        try:
            await definitions.put_in_place(client, definitions.read())
            return
        except KubernetesError as error:
            log.warning("the definitions are not in place yet: %s", error)
            await asyncio.sleep(pause)


def main() -> None:
    """Raises SystemExit with one line when it cannot run."""
    settings = asyncio.run(load(OperatorSettings))
    telemetry.configure(settings)
    wiring.quieten()
    try:
        server, thread = start_http_server(settings.metrics_port, addr=settings.host)
    except OSError as error:
        line = f"operator: cannot listen on port {settings.metrics_port} ({error.strerror}): set MERCATO_METRICS_PORT"
        raise SystemExit(line) from None
    try:
        asyncio.run(Shell(settings).run())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    main()
