"""Documents for the gateway's tests, in as few lines as they allow."""

from pathlib import Path

from services.gateway.documents import Documents, read
from services.gateway.routes import Route, RouteTable, build

KNOWN = frozenset({"order", "product"})


def route(name: str, rules: str, *, timestamp: str = "") -> str:
    """An HTTPRoute with `rules` in YAML's flow style."""
    created = f', creationTimestamp: "{timestamp}"' if timestamp else ""
    return (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        f"metadata: {{name: {name}{created}}}\n"
        f"spec: {{parentRefs: [{{name: mercato}}], rules: {rules}}}\n"
    )


def rule(path: str, *, kind: str = "Exact", method: str = "", name: str = "", backend: str = "order") -> str:
    """One rule with one match and one backend."""
    matched = f", method: {method}" if method else ""
    named = f"name: {name}, " if name else ""
    return (
        f'{{{named}matches: [{{path: {{type: {kind}, value: "{path}"}}{matched}}}], '
        f"backendRefs: [{{name: {backend}, port: 80}}]}}"
    )


def policy(name: str, target: str, fields: str) -> str:
    """A GatewayPolicy; `target` is `Gateway/mercato`, `HTTPRoute/orders` or `HTTPRoute/orders/place`."""
    kind, target_name, *section = target.split("/")
    section_name = f", sectionName: {section[0]}" if section else ""
    return (
        f"apiVersion: mercato.dev/v1alpha1\nkind: GatewayPolicy\nmetadata: {{name: {name}}}\n"
        f"spec: {{targetRefs: [{{group: gateway.networking.k8s.io, kind: {kind}, "
        f"name: {target_name}{section_name}}}], {fields}}}\n"
    )


def documents(folder: Path, *texts: str) -> Documents:
    """What the folder holds when the texts are its only file."""
    (folder / "routes.yaml").write_text("---\n".join(texts))
    return read(folder)


def table(folder: Path, *texts: str) -> RouteTable:
    return build(documents(folder, *texts), KNOWN, "mercato")


def named(found: RouteTable, name: str) -> Route:
    return next(route for route in found.routes if route.name == name)
