"""What RBAC rules give, and what the API server's audit log says was asked for."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Right:
    """`namespace` is empty for the whole cluster, `name` for all objects; `resource` is `httproutes/status`, say."""

    group: str
    resource: str
    verb: str
    namespace: str
    name: str = ""


def given(objects: Iterable[Object], account: str, namespace: str) -> set[Right]:
    """By the roles and bindings among the objects, to the ServiceAccount `account` of `namespace`."""
    found = list(objects)
    roles = {_key(each): each["rules"] for each in found if each["kind"] in {"Role", "ClusterRole"}}
    rights: set[Right] = set()
    for each in found:
        if each["kind"] in {"RoleBinding", "ClusterRoleBinding"} and _is_bound(each, account, namespace):
            where = each["metadata"].get("namespace", "")
            kind, name = each["roleRef"]["kind"], each["roleRef"]["name"]
            for rule in roles[kind, where if kind == "Role" else "", name]:
                rights |= set(_of_rule(rule, where))
    return rights


def _key(role: Object) -> tuple[str, str, str]:
    return role["kind"], role["metadata"].get("namespace", ""), role["metadata"]["name"]


def _is_bound(binding: Object, account: str, namespace: str) -> bool:
    wanted = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    return any(subject == wanted for subject in binding["subjects"])


def _of_rule(rule: Object, namespace: str) -> Iterator[Right]:
    names = rule.get("resourceNames") or [""]
    for group, resource, verb, name in product(rule["apiGroups"], rule["resources"], rule["verbs"], names):
        yield Right(group, resource, verb, namespace, name)


def asked(log: Path, account: str, namespace: str, among: Iterable[Right]) -> tuple[set[Right], set[Right]]:
    """What the ServiceAccount was allowed, and what it was refused.

    An object's name is told only where a right `among` those is to single objects.
    """
    user = f"system:serviceaccount:{namespace}:{account}"
    by_name = {(right.group, right.resource, right.verb, right.namespace) for right in among if right.name}
    answers: dict[bool, set[Right]] = {True: set(), False: set()}
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
        event = json.loads(line)
        about = event.get("objectRef")
        if event["user"]["username"] != user or about is None:
            continue
        resource = "/".join(part for part in (about["resource"], about.get("subresource")) if part)
        kind = (about.get("apiGroup", ""), resource, event["verb"], about.get("namespace", ""))
        right = Right(*kind, about.get("name", "") if kind in by_name else "")
        answers[event["responseStatus"]["code"] != 403].add(right)
    return answers[True], answers[False]
