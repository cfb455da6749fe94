"""Whose path is whose, among all CommerceServices and the platform's own routes that are known."""

from collections.abc import Iterator
from typing import Any

from mercato_operator.services.kinds import CONFIGMAPS, HTTPROUTES, SERVICES
from mercato_operator.services.model import CommerceService, InvalidServiceError, commerce_service
from mercato_operator.services.names import GATEWAY_CONFIG_LABEL, LABEL
from mercato_operator.services.status.shadowing import Claim, of_documents, of_routes, shadowed
from mercato_operator.services.store import Object, Store

Key = tuple[str, str]


class Paths:
    """`objects`: the gateway reads HTTPRoute objects; else ConfigMaps."""

    def __init__(self, store: Store, *, objects: bool) -> None:
        self._store, self._objects = store, objects
        self._verdicts: dict[Key, Claim | None] = {}
        self._platform: tuple[tuple[str, ...], list[Claim]] = ((), [])
        """What the platform's own routes claim, by the versions of the objects that hold them: YAML is slow to read."""

    def shadowed(self, service: CommerceService) -> Claim | None:
        """The older claim on its path, if there is one."""
        return shadowed(_claim(service), self._claims()) if service.spec.route is not None else None

    def judge(self) -> list[Key]:
        """Services whose path is somebody else's since the last time, or is not any more."""
        claims = self._claims()
        now = {service.key: shadowed(_claim(service), claims) for service in self._routed()}
        changed = [key for key, claim in now.items() if claim != self._verdicts.get(key)]
        self._verdicts = now
        return changed

    def _claims(self) -> list[Claim]:
        plural = HTTPROUTES.plural if self._objects else CONFIGMAPS.plural
        holders = [each for each in self._store.all(plural) if LABEL not in _labels(each)]
        if not self._objects:
            holders = [each for each in holders if _labels(each).get(GATEWAY_CONFIG_LABEL) == "true"]
        versions = tuple(each["metadata"]["resourceVersion"] for each in holders)
        if versions != self._platform[0]:
            self._platform = versions, of_routes(holders) if self._objects else of_documents(holders)
        return [*map(_claim, self._routed()), *self._platform[1]]

    def _routed(self) -> Iterator[CommerceService]:
        for body in self._store.all(SERVICES.plural):
            try:
                service = commerce_service(body)
            except InvalidServiceError:
                continue  # its own round tells
            if service.spec.route is not None and not service.deleting:
                yield service


def _claim(service: CommerceService) -> Claim:
    assert service.spec.route is not None  # noqa: S101 - whoever calls has looked
    owner = f"CommerceService {service.namespace}/{service.name}"
    return Claim(service.spec.route.path_prefix, owner, (service.created, service.namespace, service.name))


def _labels(body: Object) -> dict[str, Any]:
    return body["metadata"].get("labels") or {}
