"""Wires the payment service: the only place that knows all its rooms."""

from starlette.applications import Starlette

from services.chassis.http import openapi
from services.chassis.http.app import application
from services.chassis.messaging.batches import Batches
from services.chassis.messaging.consumer import Consumer
from services.chassis.messaging.housekeeping import housekeeping
from services.chassis.messaging.outbox import Relay
from services.chassis.messaging.producer import Producer
from services.chassis.observability import metrics
from services.chassis.storage.database import Database
from services.payment.api import Webhooks
from services.payment.backlog import Backlog
from services.payment.caller import Caller
from services.payment.due import DueCalls, counted
from services.payment.events import COMMANDS_TOPIC
from services.payment.handlers import PaymentHandler
from services.payment.hints import Hints
from services.payment.operations import DESCRIPTION, OPERATIONS
from services.payment.provider import StripeProvider
from services.payment.recorder import Recorder
from services.payment.settings import PaymentSettings


def build(settings: PaymentSettings) -> Starlette:
    """The application with everything it needs, not yet started."""
    database = Database(settings)
    producer = Producer(settings)
    relay = Relay(database, producer, settings.instance)
    provider = StripeProvider(settings)
    caller = Caller(settings, provider)
    recorder = Recorder(settings, database, caller)
    backlog = Backlog()
    metrics.PAYMENT_WAIT.set_function(lambda: backlog.wait)
    due = DueCalls(settings, database, caller, backlog)
    hints = Hints(database, due)
    handler = PaymentHandler(settings, caller)
    consumer = Consumer(settings, [COMMANDS_TOPIC], Batches(database, settings.group, handler.handle))
    return application(
        settings,
        routes=[
            *Webhooks(settings, caller.heard, hints).routes(),
            openapi.route(settings.service, DESCRIPTION, OPERATIONS),
        ],
        resources=[
            database,
            producer,
            relay,
            provider,
            recorder,
            caller,
            due,
            hints,
            counted(database),
            housekeeping(database, messaging=True),
            consumer,
        ],
        checks={"database": database.check, "messages": consumer.check},
    )
