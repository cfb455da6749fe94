"""Wires the loyalty service: the only place that knows all rooms."""

from starlette.applications import Starlette

from loyalty.api import DESCRIPTION, OPERATIONS, routes
from loyalty.handlers import Earn
from loyalty.points import TOPIC
from loyalty.settings import LoyaltySettings
from services.chassis.http import openapi
from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.messaging.batches import Batches
from services.chassis.messaging.consumer import Consumer
from services.chassis.messaging.housekeeping import housekeeping
from services.chassis.messaging.outbox import Relay
from services.chassis.messaging.producer import Producer
from services.chassis.messaging.retries import Retry, retry_topic
from services.chassis.storage.database import Database


def build(settings: LoyaltySettings) -> Starlette:
    """The service."""
    database = Database(settings)
    producer = Producer(settings)
    tokens = Tokens(settings)
    # The newest version of an order counts: a message that fails may wait apart from the others.
    batches = Batches(database, settings.group, Earn(settings), Retry())
    events = Consumer(settings, [TOPIC], batches)
    retries = Consumer(settings, [retry_topic(TOPIC, settings.group)], batches)
    return application(
        settings,
        routes=[*routes(database, tokens), openapi.route(settings.service, DESCRIPTION, OPERATIONS)],
        resources=[
            database,
            housekeeping(database, messaging=True),
            producer,
            Relay(database, producer, settings.instance),  # what goes to the retry topic and the dead letters
            tokens,
            events,
            retries,
        ],
        checks={"database": database.check, "order events": events.check, "retries": retries.check},
    )
