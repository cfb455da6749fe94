"""The only place that knows all parts: which controllers run, and on what."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from mercato_operator.kafka.backend import Backend, BackendUnavailable
from mercato_operator.kafka.connection import Connection
from mercato_operator.kafka.kafka_backend import KafkaBackend
from mercato_operator.kafka.letters_reader import LettersReader, consumer
from mercato_operator.kafka.logs_reader import LogsReader
from mercato_operator.kafka.record import ConfigMapRecord
from mercato_operator.kube.controller import Controller
from mercato_operator.kube.ownership import MANAGER
from mercato_operator.passwords import read_passwords
from mercato_operator.services.controller import ServicesController
from mercato_operator.services.restarts import Restarts
from mercato_operator.settings import OperatorSettings
from mercato_operator.strimzi.backend import StrimziBackend
from mercato_operator.strimzi.objects import Strimzi
from mercato_operator.topics.controller import TopicsController
from mercato_operator.topics.objects import Objects
from mercato_operator.topics.reporting import Reporter
from mercato_operator.topics.round import TopicsPass
from mercato_operator.topics.trust import trust
from mercato_operator.topics.uses import Uses
from services.chassis.kube.client import Kubernetes
from services.chassis.kube.events import Recorder

REQUEST_SECONDS = 10.0
"""For one request to Kafka: a pass must not hang on a broker that is away."""
TOLD_ONCE_IN = 600
"""Seconds in which the same words about an object make one Event."""


@asynccontextmanager
async def controllers(settings: OperatorSettings, client: Kubernetes) -> AsyncIterator[list[Controller]]:
    """Those that the settings ask for, not yet started."""
    uses = Uses()
    backend = _backend(settings, client)
    reader = _reader(settings) if settings.kafka_admin else None
    async with Recorder(client, MANAGER, once_in=TOLD_ONCE_IN) as recorder:
        try:
            found: list[Controller] = [ServicesController(settings, client, uses, recorder), Restarts(client, recorder)]
            if backend is None:
                trust(uses)
            else:
                found.append(_topics(settings, client, backend, uses, recorder=recorder, reader=reader))
            yield found
        finally:
            if backend is not None:
                await backend.close()
            if reader is not None:
                await reader.close()


def _topics(
    settings: OperatorSettings,
    client: Kubernetes,
    backend: Backend,
    uses: Uses,
    *,
    recorder: Recorder,
    reader: LogsReader | None,
) -> Controller:
    work = TopicsPass(
        Objects(client, settings.all_namespaces),
        backend,
        uses,
        Reporter(recorder.tell),
        home=settings.namespace,
        passwords=_passwords(settings),
        secret=(settings.namespace, settings.kafka_users_secret) if settings.kafka_users_secret else None,
        replicas=settings.topic_replicas,
        users=settings.kafka_users,
        observer=settings.kafka_observer,
    )
    return TopicsController(work, uses, reader)


def _backend(settings: OperatorSettings, client: Kubernetes) -> Backend | None:
    if settings.topics_backend == "none":
        return None
    if settings.topics_backend == "strimzi":
        where = settings.strimzi_namespace or settings.namespace
        return StrimziBackend(client, Strimzi(where, settings.strimzi_cluster, settings.namespace))
    record = ConfigMapRecord(client, settings.namespace)
    return KafkaBackend(_connect(settings), record, users=settings.kafka_users)


def _reader(settings: OperatorSettings) -> LogsReader:
    configuration = {"bootstrap.servers": settings.kafka_bootstrap, **settings.kafka_security()}
    return LogsReader(_connect(settings), configuration, LettersReader(lambda: consumer(configuration)))


def _connect(settings: OperatorSettings) -> Callable[[], Connection]:
    security = settings.kafka_security()
    return lambda: Connection(settings.kafka_bootstrap, security, REQUEST_SECONDS)


def _passwords(settings: OperatorSettings) -> Callable[[], Mapping[str, str]]:
    """The folder is read again each time: a mounted Secret changes under us."""
    folder = settings.kafka_users_directory

    def read() -> Mapping[str, str]:
        try:
            return read_passwords(str(folder)) if folder else {}
        except (OSError, ValueError) as error:
            raise BackendUnavailable(f"the passwords of Kafka's users cannot be read: {error}") from error

    return read


def quieten() -> None:
    """kopf tells of each event it handles, and puts its own settings into each line about an object."""
    for name in ("kopf.objects", "kopf.activities"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_without_kopfs_settings)


def _without_kopfs_settings(record: logging.LogRecord) -> bool:
    for name in ("settings", "k8s_skip"):
        record.__dict__.pop(name, None)
    return True
