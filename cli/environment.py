"""The environment variables of each process: what a process needs to know, and nothing of the caller's secrets."""

import os
from collections.abc import Callable

from cli.instance import HOST, Instance
from cli.layout import CHECKOUT, DATABASES, REPLICATED

PASSED_ON = ("HOME", "LANG", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR")
PREFIXES_PASSED_ON = ("OTEL_", "MERCATO_")
ON_KAFKA = ("product", "order", "payment", "notification")
CONFIGURED = (*REPLICATED, "discovery", "gateway")
"""Who reads settings from the config service."""


def basic() -> dict[str, str]:
    """For every process."""
    kept = {name: value for name in PASSED_ON if (value := os.environ.get(name))}
    return {**kept, "TZ": "UTC"}


def caller(name: str, default: str) -> str:
    """A variable of whoever runs the command."""
    return os.environ.get(name) or default


def of_service(instance: Instance, service: str, name: str) -> dict[str, str]:
    """What the caller set (MERCATO_…, OTEL_…), overruled by what this instance is."""
    given = {key: value for key, value in os.environ.items() if key.startswith(PREFIXES_PASSED_ON)}
    return {**basic(), **given, "PYTHONUNBUFFERED": "1", **_common(instance, name), **_own(instance, service)}


def _common(instance: Instance, name: str) -> dict[str, str]:
    ports = instance.setup.ports
    return {
        "MERCATO_INSTANCE": name,
        "MERCATO_HOST": HOST,
        "MERCATO_PORT": str(ports[name]),
        "MERCATO_METRICS_PORT": str(ports[f"{name}.metrics"]),
        "MERCATO_ISSUER": instance.gateway_url,
        "MERCATO_JWKS_URL": f"{instance.url('customer')}/.well-known/jwks.json",
    }


def _own(instance: Instance, service: str) -> dict[str, str]:
    own = _OWN[service](instance) if service in _OWN else {}
    if service in DATABASES:
        own |= {"MERCATO_DATABASE_URL": instance.database_url(service)}
    if service in ON_KAFKA:
        own |= {"MERCATO_KAFKA_BOOTSTRAP": instance.kafka_bootstrap}
    if service in CONFIGURED:
        own |= {"MERCATO_CONFIG_URL": instance.config_url}
    return own


def _gateway(instance: Instance) -> dict[str, str]:
    return {
        "MERCATO_GATEWAY_DIRECTORY": str(CHECKOUT / "gateway-config"),
        "MERCATO_ENVOY_DIRECTORY": str(instance.envoy_directory),
        "MERCATO_ENVOY_HOST": HOST,
        "MERCATO_ENVOY_PORT": str(instance.setup.port),
        "MERCATO_ENVOY_ADMIN_PORT": str(instance.setup.ports["envoy.admin"]),
        "MERCATO_DISCOVERY_URL": instance.discovery_url,
    }


def _customer(instance: Instance) -> dict[str, str]:
    return {
        "MERCATO_SIGNING_KEYS_DIRECTORY": str(instance.signing_keys_directory),
        "MERCATO_ADMIN_EMAIL": instance.credentials.admin.email,
        "MERCATO_ADMIN_PASSWORD": instance.credentials.admin.password,
        "MERCATO_REFRESH_SECRET": instance.credentials.refresh_secret,
    }


def _stripe(instance: Instance) -> dict[str, str]:
    return {
        "MERCATO_STRIPE_API_KEY": instance.credentials.stripe_api_key,
        "MERCATO_STRIPE_WEBHOOK_SECRET": instance.credentials.stripe_webhook_secret,
    }


def _payment(instance: Instance) -> dict[str, str]:
    return {**_stripe(instance), "MERCATO_STRIPE_API_BASE": instance.simulator_url}


def _simulator(instance: Instance) -> dict[str, str]:
    return {**_stripe(instance), "MERCATO_WEBHOOK_URL": f"{instance.gateway_url}/api/v1/payments/webhooks/stripe"}


def _smtp(instance: Instance) -> dict[str, str]:
    if not instance.setup.mail:
        return {}
    return {"MERCATO_SMTP_HOST": HOST, "MERCATO_SMTP_PORT": str(instance.setup.ports["mailcatcher.smtp"])}


def _mailcatcher(instance: Instance) -> dict[str, str]:
    return {
        "MERCATO_SMTP_PORT": str(instance.setup.ports["mailcatcher.smtp"]),
        "MERCATO_MAIL_DIRECTORY": str(instance.mail_directory),
    }


def _config(_: Instance) -> dict[str, str]:
    return {"MERCATO_CONFIG_DIRECTORY": str(CHECKOUT / "k8s" / "config")}


def _discovery(instance: Instance) -> dict[str, str]:
    return {"MERCATO_PROCESS_TABLE": str(instance.process_table)}


_OWN: dict[str, Callable[[Instance], dict[str, str]]] = {
    "config": _config,
    "customer": _customer,
    "discovery": _discovery,
    "gateway": _gateway,
    "mailcatcher": _mailcatcher,
    "notification": _smtp,
    "payment": _payment,
    "simulator": _simulator,
}
