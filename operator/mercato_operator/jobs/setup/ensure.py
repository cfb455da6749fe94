"""Makes Secrets that are missing, and keys that are missing in them; never changes a value that is there."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Protocol

from kubernetes.client import ApiException, V1ObjectMeta, V1Secret

from mercato_operator.jobs.setup.values import Declared, Secrets

TIMEOUT = 10
"""Seconds for one request to the API server."""
LABELS = {
    "app.kubernetes.io/name": "mercato",
    "app.kubernetes.io/component": "setup",
    "app.kubernetes.io/part-of": "mercato",
}
_ROUNDS = 5
_MERGE = "application/merge-patch+json"


class Api(Protocol):
    """The part of `kubernetes.client.CoreV1Api` that is used. Each raises ApiException."""

    def read_namespaced_secret(self, name: str, namespace: str, *, _request_timeout: float) -> V1Secret: ...
    def create_namespaced_secret(self, namespace: str, body: V1Secret, *, _request_timeout: float) -> V1Secret: ...
    def patch_namespaced_secret(
        self, name: str, namespace: str, body: dict[str, Any], *, _request_timeout: float, _content_type: str
    ) -> V1Secret: ...


def ensure(api: Api, namespace: str, declared: Secrets) -> list[str]:
    """Answers lines that say what was made, and no value. Raises ApiException."""
    return [line for name, keys in declared.items() if (line := _ensure(api, namespace, name, keys))]


def _ensure(api: Api, namespace: str, name: str, keys: Mapping[str, Declared]) -> str | None:
    for left in reversed(range(_ROUNDS)):
        try:
            return _once(api, namespace, name, keys)
        except ApiException as error:
            if error.status != 409 or not left:  # someone else was quicker: what is there now is looked at again
                raise
    raise AssertionError("the last round raises")


def _once(api: Api, namespace: str, name: str, keys: Mapping[str, Declared]) -> str | None:
    try:
        found = api.read_namespaced_secret(name, namespace, _request_timeout=TIMEOUT)
    except ApiException as error:
        if error.status != 404:
            raise
        secret = V1Secret(metadata=V1ObjectMeta(name=name, labels=LABELS), type="Opaque", data=_made(keys))
        api.create_namespaced_secret(namespace, secret, _request_timeout=TIMEOUT)
        return f"{name}: made with {', '.join(keys)}"
    present = found.data or {}
    missing = {key: value for key, value in keys.items() if key not in present}
    if not missing:
        return None
    # The version makes it fail rather than overwrite what came in between.
    version = found.metadata.resource_version if found.metadata else None
    body = {"metadata": {"resourceVersion": version}, "data": _made(missing)}
    api.patch_namespaced_secret(name, namespace, body, _request_timeout=TIMEOUT, _content_type=_MERGE)
    return f"{name}: added {', '.join(missing)}"


def _made(keys: Mapping[str, Declared]) -> dict[str, bytes | str]:
    return {key: b64encode(value.make().encode()).decode() for key, value in keys.items()}
