"""Eureka's documents (Netflix Eureka 2 REST operations), as JSON and as XML, its default.

A delta repeats every instance as ADDED, which a client takes as a replacement, and tells who left: so a client that
missed any number of deltas is right again after the next, and `apps__hashcode` proves it.
"""

import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from services.discovery.instances import Instance, Snapshot
from services.discovery.registry import Registry

DATA_CENTER = "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"
Document = dict[str, Any]
_NOT_OF_A_NAME = re.compile(r"[^\w.-]|^(?=[\d.-])", re.ASCII)
_NOT_OF_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def applications(snapshot: Snapshot, registry: Registry) -> Document:
    """The body of `/eureka/apps`."""
    return _applications([(one, "ADDED") for one in snapshot.instances], snapshot, registry)


def delta(snapshot: Snapshot, registry: Registry) -> Document:
    """The body of `/eureka/apps/delta`."""
    entries = [(one, "ADDED") for one in snapshot.instances]
    entries += [(one, "DELETED") for one in registry.departed()]
    return _applications(entries, snapshot, registry)


def application(snapshot: Snapshot, registry: Registry, name: str) -> Document | None:
    """The body of `/eureka/apps/{APP}`, whose name is not case-sensitive; None when it has no ready instance."""
    entries = [(one, "ADDED") for one in snapshot.instances if one.service.upper() == name.upper()]
    return {"application": _application(name.upper(), entries, registry)} if entries else None


def instance(snapshot: Snapshot, registry: Registry, instance_id: str, name: str | None = None) -> Document | None:
    """The body of `/eureka/instances/{id}`, and of `/eureka/apps/{APP}/{id}`; None when there is no such instance."""
    for found in snapshot.instances:
        if found.instance_id == instance_id and (name is None or found.service.upper() == name.upper()):
            return {"instance": _instance(found, "ADDED", registry)}
    return None


def vip(snapshot: Snapshot, registry: Registry, address: str) -> Document | None:
    """The body of `/eureka/vips/{address}` and `/eureka/svips/{address}`; None when nothing has this address.

    Both addresses of an instance are its service's name, in any case of letters. The hash code is that of the answer.
    """
    found = Snapshot(tuple(one for one in snapshot.instances if one.service.upper() == address.upper()))
    return applications(found, registry) if found.instances else None


def _applications(entries: Iterable[tuple[Instance, str]], snapshot: Snapshot, registry: Registry) -> Document:
    groups: dict[str, list[tuple[Instance, str]]] = {}
    for entry, action in entries:
        groups.setdefault(entry.service.upper(), []).append((entry, action))
    count = len(snapshot.instances)
    return {
        "applications": {
            "versions__delta": str(registry.version),
            "apps__hashcode": f"UP_{count}_" if count else "",
            "application": [_application(name, groups[name], registry) for name in sorted(groups)],
        }
    }


def _application(name: str, entries: Iterable[tuple[Instance, str]], registry: Registry) -> Document:
    return {"name": name, "instance": [_instance(one, action, registry) for one, action in entries]}


def _instance(one: Instance, action: str, registry: Registry) -> Document:
    since = registry.since(one)
    base = one.body()["uri"]
    plain, tls = ("false", "true") if one.secure else ("true", "false")
    return {
        "instanceId": one.instance_id,
        "hostName": one.host,
        "app": one.service.upper(),
        "ipAddr": one.host,
        "status": "UP",
        "overriddenStatus": "UNKNOWN",
        "port": {"$": 0 if one.secure else one.port, "@enabled": plain},
        "securePort": {"$": one.port if one.secure else 0, "@enabled": tls},
        "countryId": 1,
        "dataCenterInfo": {"@class": DATA_CENTER, "name": "MyOwn"},
        "leaseInfo": {
            "renewalIntervalInSecs": 30,
            "durationInSecs": 90,
            "registrationTimestamp": since,
            "lastRenewalTimestamp": since,
            "evictionTimestamp": 0,
            "serviceUpTimestamp": since,
        },
        "metadata": dict(one.metadata),
        "homePageUrl": f"{base}/",
        "statusPageUrl": f"{base}/readyz",
        "healthCheckUrl": f"{base}/readyz",
        "vipAddress": one.service,
        "secureVipAddress": one.service,
        "isCoordinatingDiscoveryServer": "false",
        "lastUpdatedTimestamp": str(since),
        "lastDirtyTimestamp": str(since),
        "actionType": action,
    }


def to_xml(document: Document) -> bytes:
    """The same document as XStream writes it: lists are repeated elements, `@` keys attributes, `$` the text.

    Keys of Kubernetes' metadata are no names of elements: what XML does not take there (1.0, 2.3) becomes `_`.
    """
    ((name, content),) = document.items()
    root = ET.Element(name)
    _fill(root, content)
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text


def _fill(element: ET.Element, content: Any) -> None:
    if not isinstance(content, dict):
        element.text = _text(content)
        return
    for key, value in content.items():
        if key == "$":
            element.text = _text(value)
        elif key.startswith("@"):
            element.set(key[1:], _text(value))
        else:
            name = "overriddenstatus" if key == "overriddenStatus" else _NOT_OF_A_NAME.sub("_", key)
            for item in value if isinstance(value, list) else [value]:
                _fill(ET.SubElement(element, name), item)


def _text(value: Any) -> str:
    return _NOT_OF_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))
