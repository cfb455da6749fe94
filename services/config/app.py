"""Wiring of the config service."""

from starlette.applications import Starlette

from services.chassis.http.app import application
from services.chassis.kube.pod import own_namespace
from services.config.api import routes
from services.config.backend import Backend
from services.config.directory import DirectoryBackend
from services.config.health import health_routes
from services.config.settings import ConfigSettings


def build(settings: ConfigSettings) -> Starlette:
    """Readiness tells of a broken document; it is served as it last could be read, and harms no other."""
    backend = _backend(settings)

    async def documents() -> str | None:
        snapshot = backend.snapshot()
        if snapshot is not None and snapshot.sources:
            return None
        return backend.behind() or f"no document was found in {_where(settings)}"

    def details() -> dict[str, object]:
        snapshot, behind = backend.snapshot(), backend.behind()
        told = {"broken_documents": snapshot.faults if snapshot else ()}
        return {**told, "behind": behind} if behind else {**told}

    return application(
        settings,
        routes=[*health_routes(documents), *routes(backend, settings)],
        resources=[backend],
        checks={"documents": documents},
        details=details,
    )


def _backend(settings: ConfigSettings) -> Backend:
    if settings.backend == "directory":
        return DirectoryBackend(settings.config_directory)
    from services.config.configmaps import ConfigMapBackend  # noqa: PLC0415 - its library takes 10 MiB

    return ConfigMapBackend(settings.namespaces or (own_namespace() or "default",))


def _where(settings: ConfigSettings) -> str:
    if settings.backend == "directory":
        return "MERCATO_CONFIG_DIRECTORY"
    return 'the ConfigMaps with the label mercato.dev/config: "true"'
