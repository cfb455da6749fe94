"""Wires the loyalty service: the only place that knows all rooms."""

from starlette.applications import Starlette

from loyalty.api import DESCRIPTION, OPERATIONS, routes
from loyalty.handlers import Earn
from loyalty.points import TOPIC
from loyalty.settings import LoyaltySettings
from services.chassis import openapi
from services.chassis.app import application
from services.chassis.batches import Batches
from services.chassis.consumer import Consumer
from services.chassis.database import Database
from services.chassis.housekeeping import housekeeping
from services.chassis.outbox import Relay
from services.chassis.producer import Producer
from services.chassis.retries import Retry, retry_topic
from services.chassis.tokens import Tokens


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
