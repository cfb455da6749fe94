"""Wires the notification service: the only place that knows all its rooms."""

from functools import partial

from starlette.applications import Starlette

from services.chassis.http import openapi
from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.messaging.messaging import Messaging
from services.chassis.messaging.retries import Retry, retry_topic
from services.chassis.storage.database import Database
from services.notification.api import routes
from services.notification.handlers import Handlers
from services.notification.kinds import SILENT, TOPIC
from services.notification.mailer import Mailer
from services.notification.operations import DESCRIPTION, OPERATIONS
from services.notification.settings import NotificationSettings

FETCH_WAIT = 0.5
"""Seconds: a mail may be so much later, and what comes meanwhile takes one fetch and one transaction."""


def build(settings: NotificationSettings) -> Starlette:
    """The service."""
    database = Database(settings)
    messaging = Messaging(settings, database)
    tokens = Tokens(settings)
    mailer = Mailer(database, settings)
    # Customers are told of each order once, in whatever order: a message that fails may wait apart from the others.
    read = partial(
        messaging.consumer, handle=Handlers(mailer).on_events, retry=Retry(), fetch_wait=FETCH_WAIT, silent=SILENT
    )
    read([TOPIC])
    read([retry_topic(TOPIC, settings.group)])
    return application(
        settings,
        routes=[*routes(database, tokens), openapi.route(settings.service, DESCRIPTION, OPERATIONS)],
        resources=messaging.around(tokens, mailer),
        checks=messaging.checks,
    )
