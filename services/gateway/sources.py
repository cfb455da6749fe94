"""Where routes and policies come from: a folder, ConfigMaps, or objects in the API server."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from services.chassis.runtime.watched_folder import looks
from services.gateway.documents import Documents, Refused, Texts, texts, understood
from services.gateway.settings import GatewaySettings
from services.gateway.source import OnDocuments, Source


def source_of(settings: GatewaySettings) -> Source:
    """The source that the settings name."""
    if settings.source == "files":
        return Folder(settings.gateway_directory)
    # The library of the others takes 10 MiB.
    if settings.source == "configmap":
        from services.gateway.cluster.configmap import RoutesConfigMaps  # noqa: PLC0415

        return RoutesConfigMaps(settings.own_namespace, settings.routes_configmap)
    from services.gateway.cluster.source import RouteObjects  # noqa: PLC0415

    return RouteObjects(settings)


class Folder:
    """`*.yaml` and `*.yml` of one folder, such as a mounted ConfigMap, of which kubelet swaps the link `..data`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: Texts | None = None
        self._documents = Documents()
        self._behind: str | None = "the folder is not read yet"

    async def run(self, on_documents: OnDocuments) -> NoReturn:
        async with aclosing(looks(self._folder)) as times:
            async for _ in times:
                self._tell(on_documents)
        raise AssertionError("nothing ends it but cancellation")

    def written(self, refused: Sequence[Refused], /) -> None:
        """Files have no status to write."""

    def behind(self) -> str | None:
        return self._behind

    def _tell(self, on_documents: OnDocuments) -> None:
        try:
            found = texts(self._folder)
        except OSError as error:
            self._texts = None
            self._behind = f"the folder cannot be read, the last routes stay: {error.strerror}"
            self._documents = replace(self._documents, refused=(Refused(str(self._folder), self._behind),))
        else:
            self._behind = None
            if found != self._texts:  # to parse them takes twenty times as long as to read them
                self._texts, self._documents = found, understood(found)
        on_documents(self._documents)
