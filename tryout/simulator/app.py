"""Wires the simulator."""

from starlette.applications import Starlette

from services.chassis.http.app import application
from tryout.simulator.api import Api
from tryout.simulator.keys import Keys
from tryout.simulator.ledger import Ledger
from tryout.simulator.settings import SimulatorSettings
from tryout.simulator.teller import Teller
from tryout.simulator.webhooks import Webhooks


def build(settings: SimulatorSettings) -> Starlette:
    """The application. Raises SystemExit when the database is not named."""
    if settings.database_url is None:
        raise SystemExit("simulator: setting database_url is missing: set MERCATO_DATABASE_URL")
    ledger = Ledger(settings)
    keys = Keys(ledger)
    teller = Teller(settings, ledger, keys)
    return application(
        settings,
        routes=Api(settings, ledger, keys, teller).routes,
        resources=[ledger, teller, Webhooks(settings, ledger)],
        checks={"database": ledger.check},
        within=None,  # some of its cards are never answered
    )
