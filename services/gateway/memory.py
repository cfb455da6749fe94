"""What the control plane last heard, kept on disk: it starts from it while discovery or the issuer is down."""

import logging
from pathlib import Path
from typing import Any

import orjson

from services.gateway.endpoints import Apps, DiscoveryUnavailableError
from services.gateway.endpoints import parse as parse_apps
from services.gateway.files import write_changed
from services.gateway.keys import KeysUnavailableError
from services.gateway.keys import parse as parse_keys

log = logging.getLogger(__name__)


class Memory:
    """Two files in `folder`; one that is missing or unreadable counts as nothing heard yet."""

    def __init__(self, folder: Path, issuer: str) -> None:
        self._apps, self._keys, self._issuer = folder / "apps.json", folder / "keys.json", issuer

    def apps(self) -> Apps | None:
        try:
            return parse_apps(self._apps.read_bytes())
        except (OSError, DiscoveryUnavailableError):
            return None

    def keys(self) -> str | None:
        """The key set of this issuer; another issuer's is not to be trusted."""
        try:
            content = self._keys.read_bytes()
            document = orjson.loads(content)
            return parse_keys(content) if document.get("issuer") == self._issuer else None
        except (OSError, orjson.JSONDecodeError, AttributeError, KeysUnavailableError):
            return None

    def keep_apps(self, apps: Apps) -> None:
        instances = {name: [{"host": e.host, "port": e.port} for e in found] for name, found in apps.items()}
        self._keep(self._apps, [{"name": name, "serviceInstances": found} for name, found in instances.items()])

    def keep_keys(self, keys: str) -> None:
        self._keep(self._keys, {"issuer": self._issuer, **orjson.loads(keys)})

    def _keep(self, path: Path, content: Any) -> None:
        try:
            write_changed(path, orjson.dumps(content))
        except OSError as error:
            log.warning("%s is not kept for the next start: %s", path.name, error.strerror)
