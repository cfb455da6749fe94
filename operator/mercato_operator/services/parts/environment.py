"""The environment of a service's container: what the chart gives its own, then what the object adds. Pure."""

from collections.abc import Iterator

from mercato_operator.services.model import CommerceService, Variable
from mercato_operator.services.names import Object, database_secret, kafka_secret, role, user
from mercato_operator.settings import CA_FOLDER, OperatorSettings


def environment(service: CommerceService, settings: OperatorSettings) -> list[Object]:
    """`env` of the container; a name is there once, the object's own variables win."""
    found = {each["name"]: each for each in _given(service, settings)}
    found |= {each.name: _own(each) for each in service.spec.env}
    return list(found.values())


def _given(service: CommerceService, settings: OperatorSettings) -> Iterator[Object]:
    where = service.namespace
    yield _plain("MERCATO_PROFILES", settings.profiles)
    yield _plain("MERCATO_PORT", str(service.spec.port))
    yield _plain("MERCATO_ISSUER", settings.issuer)
    yield _plain("MERCATO_AUDIENCE", settings.audience)
    yield _plain("MERCATO_CLAIM_ROLES", settings.claim_roles)
    yield _plain("MERCATO_CLAIM_EMAIL", settings.claim_email)
    yield _plain("MERCATO_CLAIM_NAME", settings.claim_name)
    yield _plain("MERCATO_JWKS_URL", settings.url_for(settings.jwks_url, where))
    if settings.config_url:
        yield _plain("MERCATO_CONFIG_URL", settings.url_for(settings.config_url, where))
    if settings.otlp_endpoint:
        yield _plain("OTEL_EXPORTER_OTLP_ENDPOINT", settings.otlp_endpoint)
    if service.spec.database.enabled:
        yield from _database(service, settings)
    if service.messages:
        yield from _kafka(service, settings)


def _database(service: CommerceService, settings: OperatorSettings) -> Iterator[Object]:
    name = role(service, settings.namespace)
    address = f"{settings.host_for(settings.postgres_host, service.namespace)}:{settings.postgres_port}"
    yield _plain("MERCATO_DATABASE_URL", f"postgresql://{name}@{address}/{name}")
    # By libpq's own variable: inside the URL its characters would need escaping.
    yield _secret("PGPASSWORD", database_secret(service), "password")
    yield _plain("PGSSLMODE", settings.postgres_ssl_mode)
    if settings.postgres_ca_secret:
        yield _plain("PGSSLROOTCERT", f"{CA_FOLDER}/postgres-ca/ca.crt")


def _kafka(service: CommerceService, settings: OperatorSettings) -> Iterator[Object]:
    yield _plain("MERCATO_KAFKA_BOOTSTRAP", settings.bootstrap_for(service.namespace))
    yield _plain("MERCATO_KAFKA_SECURITY_PROTOCOL", settings.kafka_security_protocol)
    # The image may know itself by another name, and topics and rights are those of this one.
    yield _plain("MERCATO_KAFKA_GROUP", user(service, settings.namespace))
    if settings.kafka_security_protocol.startswith("SASL_"):
        name = kafka_user(service, settings)
        # Where users are made by others, so are their passwords.
        secret = (kafka_secret(service), "password") if settings.kafka_users else (settings.kafka_users_secret, name)
        yield _plain("MERCATO_KAFKA_SASL_MECHANISM", settings.kafka_sasl_mechanism)
        yield _plain("MERCATO_KAFKA_USERNAME", name)
        yield _secret("MERCATO_KAFKA_PASSWORD", *secret)
    if settings.kafka_ca_secret:
        yield _plain("MERCATO_KAFKA_CA_FILE", f"{CA_FOLDER}/kafka-ca/ca.crt")


def kafka_user(service: CommerceService, settings: OperatorSettings) -> str:
    """Whom it signs in to Kafka as."""
    return settings.kafka_shared_user or user(service, settings.namespace)


def authorities(service: CommerceService, settings: OperatorSettings) -> dict[str, str]:
    """Secrets with certificate authorities that the variables above name, by the folder they are mounted at."""
    found: dict[str, str] = {}
    if service.spec.database.enabled and settings.postgres_ca_secret:
        found["postgres-ca"] = settings.postgres_ca_secret
    if service.messages and settings.kafka_ca_secret:
        found["kafka-ca"] = settings.kafka_ca_secret
    return found


def _plain(name: str, value: str) -> Object:
    return {"name": name, "value": value}


def _secret(name: str, secret: str, key: str) -> Object:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _own(variable: Variable) -> Object:
    return variable.model_dump(mode="json", by_alias=True, exclude_none=True)
