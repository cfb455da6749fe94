"""Wires the payment service: the only place that knows all its rooms."""

from uuid import UUID

from starlette.applications import Starlette

from services.chassis.http import openapi
from services.chassis.http.app import application
from services.chassis.messaging.messaging import Messaging
from services.chassis.messaging.recent import Recent
from services.chassis.storage.database import Database
from services.payment import metrics
from services.payment.api import Webhooks
from services.payment.backlog import Backlog
from services.payment.caller import Caller
from services.payment.due import DueCalls, counted
from services.payment.handlers import Handlers
from services.payment.hints import Hints
from services.payment.messages import COMMANDS_TOPIC, URGENT
from services.payment.operations import DESCRIPTION, OPERATIONS
from services.payment.provider import StripeProvider
from services.payment.recorder import Recorder
from services.payment.repository import Stored
from services.payment.settings import PaymentSettings


def build(settings: PaymentSettings) -> Starlette:
    """The application with everything it needs, not yet started."""
    database = Database(settings)
    messaging = Messaging(settings, database, URGENT)
    changes = messaging.single_units("changes")
    provider = StripeProvider(settings)
    caller = Caller(settings, provider)
    backlog, memory = Backlog(), Recent[UUID, Stored]()
    recorder = Recorder(settings, changes, caller, backlog, memory)
    metrics.PAYMENT_WAIT.set_function(lambda: backlog.wait)
    due = DueCalls(settings, database, changes, caller, backlog=backlog, memory=memory)
    hints = Hints(database, due)
    handlers = Handlers(settings, caller, backlog, memory)
    messaging.consumer([COMMANDS_TOPIC], handlers.on_commands)
    return application(
        settings,
        routes=[
            *Webhooks(settings, caller.heard, hints).routes(),
            openapi.route(settings.service, DESCRIPTION, OPERATIONS),
        ],
        resources=messaging.around(
            changes,
            provider,
            recorder,
            caller,
            due,
            hints,
            counted(database),
        ),
        checks=messaging.checks,
    )
