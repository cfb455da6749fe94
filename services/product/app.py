"""Wires the product service: the only place that knows all its rooms."""

from functools import partial

from starlette.applications import Starlette

from services.chassis.http import idempotency, openapi
from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.messaging.messaging import Messaging
from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database
from services.chassis.storage.housekeeping import forgetting
from services.product.api import Api
from services.product.handlers import Handlers
from services.product.images import Images
from services.product.messages import COMMANDS_TOPIC, URGENT
from services.product.operations import DESCRIPTION, OPERATIONS
from services.product.search import EVERY_SECONDS, give_all_words
from services.product.seed import seeded
from services.product.settings import ProductSettings


def build(settings: ProductSettings) -> Starlette:
    """The application with everything it needs, not yet started."""
    database = Database(settings)
    tokens = Tokens(settings)
    messaging = Messaging(settings, database, URGENT)
    handlers = Handlers(settings.currency)
    messaging.consumer([COMMANDS_TOPIC], handlers.on_commands)
    return application(
        settings,
        routes=[
            *Api(database, tokens, settings.currency).routes(),
            *Images(database).routes(),
            openapi.route(settings.service, DESCRIPTION, OPERATIONS),
        ],
        resources=messaging.around(
            seeded(database, settings.currency),
            Periodic("words of products", EVERY_SECONDS, partial(give_all_words, database)),
            tokens,
            forgetting(database, idempotency.FORGET),
        ),
        checks=messaging.checks,
    )
