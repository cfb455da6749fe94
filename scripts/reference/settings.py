"""Settings, from the services' pydantic models."""

from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.reference import GENERATED, cell
from services.chassis.configuration.settings import ServiceSettings
from services.chassis.configuration.settings_model import Bootstrap

ROOT = Path(__file__).resolve().parents[2]

# What neither the name alone nor the model says.
MEANING = {
    "host": "address to listen on; `./mercato up` sets 127.0.0.1",
    "port": "HTTP",
    "metrics_port": "Prometheus, at `/metrics`",
    "log_level": "of the JSON log on stdout",
    "audience": "`aud` of the bearer tokens that are accepted",
    "jwks_url": "where the issuer publishes its keys",
    "kafka_bootstrap": "host:port of the brokers, separated by commas",
    "access_token_seconds": "life of an access token",
    "refresh_token_days": "life of a refresh token",
    "smtp_port": "SMTP",
    "mail_from": "sender of every message",
    "envoy_port": "where Envoy listens for clients",
}

INTRO = f"""\
# Settings

{GENERATED}

A service takes each setting from its environment variable, else from its document in the config service, else the
default. A setting marked *live* follows a change of the document while the service runs. Any other needs a restart, and
`/readyz` names it in `restart_pending` until then. How to do it: [change a setting](../how-to/change-a-setting.md).

Secrets come from the environment alone; the config service never serves a Secret. `config_url`, `config_wait` and
`profiles` are read from the environment alone too, because they say where the config service is.

Traces are set up by OpenTelemetry's own variables, above all `OTEL_EXPORTER_OTLP_ENDPOINT`. Without it no span leaves a
process.

## Every service

"""


def page() -> str:
    """The page."""
    common = frozenset(ServiceSettings.model_fields)
    parts = [INTRO, _table(ServiceSettings, [*Bootstrap.model_fields, *_beyond(ServiceSettings, Bootstrap)])]
    for model in _services():
        own = [name for name in model.model_fields if name not in common]
        parts.append(f"\n## {model.service}\n\n")
        parts.append(_table(model, own) if own else "No setting of its own.\n")
        if not model.uses_config_service:
            parts.append("\nIt does not read the config service.\n")
    return "".join(parts)


def _services() -> list[type[ServiceSettings]]:
    """The settings of every service, and of the parts for trying out."""
    files = [file for room in ("services", "tryout") for file in sorted(ROOT.glob(f"{room}/*/settings.py"))]
    modules = [import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files]
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, ServiceSettings) and each.__module__ == module.__name__
        if each is not ServiceSettings
    ]


def _beyond(model: type[ServiceSettings], base: type[Bootstrap]) -> list[str]:
    return [name for name in model.model_fields if name not in base.model_fields]


def _table(model: type[ServiceSettings], names: list[str]) -> str:
    schema = model.model_json_schema()["properties"]
    lines = ["| setting | variable | value | default | | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    for name in names:
        field = schema[name]
        live = "live" if field.get("reloadable") else ""
        meaning = cell(field.get("description") or MEANING[name])
        cells = (f"`{name}`", f"`MERCATO_{name.upper()}`", _value(field), _default(model, name), live, meaning)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _value(field: dict[str, Any]) -> str:
    kind = next((one for one in field.get("anyOf", ()) if one["type"] != "null"), field)
    if "enum" in kind:
        return " ".join(f"`{value}`" for value in kind["enum"])
    if kind.get("format") == "password":
        return "secret"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {kind[key]:g}" for key, sign in signs.items() if key in kind]
    return " ".join([{"string": "text", "array": "JSON list"}.get(kind["type"], kind["type"]), *bounds])


def _default(model: type[ServiceSettings], name: str) -> str:
    field = model.model_fields[name]
    if field.default_factory is not None:
        return "the host's name"
    if field.is_required():
        return "required"
    if field.default is None:
        return "none"
    return f"`{' '.join(sorted(field.default)) if isinstance(field.default, frozenset) else field.default}`"
