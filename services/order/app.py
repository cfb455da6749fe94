"""Wires the order service."""

from functools import partial

from starlette.applications import Starlette

from services.chassis.http import idempotency, openapi
from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.messaging.messages import Message
from services.chassis.messaging.messaging import Messaging
from services.chassis.messaging.unit import Unit
from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database
from services.chassis.storage.housekeeping import forgetting
from services.order.admission.backlog import Backlog
from services.order.admission.gate import Admission
from services.order.api import Api
from services.order.handlers import Handlers
from services.order.messages import REPLIES, URGENT
from services.order.operations import DESCRIPTION, OPERATIONS
from services.order.search import EVERY_SECONDS, give_all_words
from services.order.settings import OrderSettings

# How often the deadlines, which are rows, are looked at: a few times a second, by whichever replica comes first.
LOOK_SECONDS = 0.25


def build(settings: OrderSettings) -> Starlette:
    database = Database(settings)
    messaging = Messaging(settings, database, URGENT)
    tokens = Tokens(settings)
    handlers = Handlers(settings, messaging)
    backlog = Backlog(settings, database)
    admission = Admission(database, backlog)

    def on_replies(unit: Unit, messages: list[Message]) -> None:
        backlog.heard(messages)
        handlers.on_replies(unit, messages)

    messaging.consumer([REPLIES], on_replies)
    api = Api(settings, database, tokens, handlers, admission)
    return application(
        settings,
        routes=[
            *api.routes(),
            openapi.route(settings.service, DESCRIPTION, OPERATIONS),
        ],
        resources=messaging.around(
            *handlers.resources,
            *api.resources,
            tokens,
            admission,
            Periodic("deadlines", LOOK_SECONDS, handlers.end_overdue),
            Periodic("words of orders", EVERY_SECONDS, partial(give_all_words, database)),
            forgetting(database, idempotency.FORGET),
        ),
        checks=messaging.checks,
        details=admission.details,
    )
