"""The plan of one instance: every part of the platform, what it needs, and its environment."""

import asyncio
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from cli import environment
from cli.embedded import envoy, kafka, postgres
from cli.embedded.databases import create_databases
from cli.embedded.jars import REPOSITORY
from cli.instance import Instance
from cli.layout import CHECKOUT, DATABASES, PYTHON, REPLICATED, with_operator
from cli.replicas import names
from cli.supervisor.probes import http, until_ready
from cli.supervisor.spec import Part, Plan, ProcessSpec, StartError, Step

NEEDS = {
    "config": frozenset[str](),
    "mailcatcher": frozenset[str](),
    "simulator": frozenset({"databases"}),
    "discovery": frozenset({"config"}),
    "gateway": frozenset({"config", "discovery"}),
    "customer": frozenset({"config", "databases"}),
    "product": frozenset({"config", "databases", "topics"}),
    "order": frozenset({"config", "databases", "topics"}),
    "payment": frozenset({"config", "databases", "topics", "simulator"}),
    "notification": frozenset({"config", "databases", "topics"}),
}
TRYOUT = ("simulator", "mailcatcher")
ROUTED_WITHIN = 20.0
"""Seconds until the gateway must route to the services once all are ready."""


def port_names(replicas: Mapping[str, int], *, mail: bool) -> list[str]:
    """Every port an instance needs beside the gateway's own."""
    processes = [name for service in NEEDS for name in names(service, replicas.get(service, 1))]
    if not mail:
        processes.remove("mailcatcher")
    extra = ["postgres", "kafka", "kafka.controller", "envoy.admin", *(["mailcatcher.smtp"] if mail else [])]
    return [*processes, *(f"{name}.metrics" for name in processes), *extra]


def plan(instance: Instance) -> Plan:
    """All parts of `instance` as it was set up."""
    services = [
        _service(instance, service, name)
        for service in NEEDS
        if service != "mailcatcher" or instance.setup.mail
        for name in names(service, instance.setup.replicas.get(service, 1))
    ]
    ports = instance.setup.ports
    proxy = envoy.process(instance.envoy_directory, instance.setup.port, ports["envoy.admin"], environment.basic())
    everyone = frozenset(spec.name for spec in services) | {proxy.name}
    routes = Step("routes", partial(_await_routes, instance), needs=everyone)
    return Plan((*infrastructure(instance), *services, proxy, routes))


def infrastructure(instance: Instance) -> list[Part]:
    """PostgreSQL with its databases, and Kafka with its topics."""
    return [*_postgres(instance), *_kafka(instance)]


def _postgres(instance: Instance) -> list[Part]:
    passwords = {role: instance.credentials.databases[role] for role in DATABASES}
    url = instance.superuser_url()
    if instance.setup.external_postgres:
        return [Step("databases", partial(create_databases, url, passwords))]
    folder = instance.data / "postgres"
    basic = environment.basic()
    make = partial(postgres.create_cluster, folder, instance.credentials.databases["postgres"], basic)
    return [
        Step("postgres-cluster", make),
        postgres.process(folder, instance.setup.ports["postgres"], url, basic),
        Step("databases", partial(create_databases, url, passwords), needs=frozenset({"postgres"})),
    ]


def _kafka(instance: Instance) -> list[Part]:
    if instance.setup.external_kafka:
        return [Step("topics", partial(_apply_topics, instance))]
    folder = instance.data / "kafka"
    port, controller = (instance.setup.ports[name] for name in ("kafka", "kafka.controller"))
    basic = environment.basic()
    return [
        Step("kafka-jars", partial(kafka.fetch_jars, environment.caller("MERCATO_MAVEN_REPOSITORY", REPOSITORY))),
        Step(
            "kafka-storage",
            partial(kafka.format_storage, folder, (port, controller), basic),
            needs=frozenset({"kafka-jars"}),
        ),
        kafka.process(folder, port, basic),
        Step("topics", partial(_apply_topics, instance), needs=frozenset({"kafka"})),
    ]


def _service(instance: Instance, service: str, name: str) -> ProcessSpec:
    ports = instance.setup.ports
    room = "tryout" if service in TRYOUT else "services"
    first = name == service
    migrate = ("--migrate",) if first and (service in REPLICATED or service == "simulator") else ()
    needs = NEEDS[service] if first else NEEDS[service] | {service}  # the first replica migrates the database
    return ProcessSpec(
        name=name,
        service=service,
        command=(str(PYTHON), "-m", f"{room}.{service}", "serve", *migrate),
        environment=environment.of_service(instance, service, name),
        ready=http(ports[name], "/readyz"),
        needs=needs,
        port=ports[name],
        metrics_port=ports[f"{name}.metrics"],
        folder=CHECKOUT,
    )


async def _apply_topics(instance: Instance) -> None:
    await asyncio.to_thread(_apply_topics_now, instance.kafka_bootstrap)


def _apply_topics_now(bootstrap: str) -> None:
    """With the code the operator uses on a cluster."""
    with_operator()
    from confluent_kafka import KafkaException  # noqa: PLC0415 - only once Kafka is up
    from mercato_operator.jobs.apply import apply  # noqa: PLC0415

    try:
        apply(bootstrap, CHECKOUT / "k8s" / "topics")
    except (KafkaException, ValueError, TimeoutError) as error:
        raise StartError(f"cannot create the topics: {error}") from error


async def _await_routes(instance: Instance) -> None:
    """The platform is up when a customer can reach it: through the gateway."""
    gateway = urlsplit(instance.gateway_url)
    port = gateway.port or 80
    for path in ("/api/v1/products?limit=1", "/.well-known/jwks.json"):
        reason = await until_ready(http(port, path), ROUTED_WITHIN)
        if reason is not None:
            raise StartError(f"the gateway does not route to its services: {reason}")
