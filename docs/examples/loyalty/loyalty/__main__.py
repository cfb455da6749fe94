"""`python -m loyalty [serve [--migrate]|migrate]`."""

from loyalty.app import build
from loyalty.settings import LoyaltySettings
from services.chassis.run import main

main(LoyaltySettings, build, tables=["messaging"])
