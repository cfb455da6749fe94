"""Wires the loyalty service: the only place that knows all rooms."""

from functools import partial

from starlette.applications import Starlette

from loyalty.api import DESCRIPTION, OPERATIONS, routes
from loyalty.handlers import Handlers
from loyalty.messages import TOPIC
from loyalty.settings import LoyaltySettings
from services.chassis.http import openapi
from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.messaging.messaging import Messaging
from services.chassis.messaging.retries import Retry, retry_topic
from services.chassis.storage.database import Database


def build(settings: LoyaltySettings) -> Starlette:
    """The service."""
    database = Database(settings)
    messaging = Messaging(settings, database)
    tokens = Tokens(settings)
    # The newest version of an order counts: a message that fails may wait apart from the others.
    read = partial(messaging.consumer, handle=Handlers(settings).on_events, retry=Retry())
    read([TOPIC])
    read([retry_topic(TOPIC, settings.group)])
    return application(
        settings,
        routes=[*routes(database, tokens), openapi.route(settings.service, DESCRIPTION, OPERATIONS)],
        resources=messaging.around(tokens),
        checks=messaging.checks,
    )
