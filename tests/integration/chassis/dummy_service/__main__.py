"""Starts it, as every service is started."""

from services.chassis.run import main
from tests.integration.chassis.dummy_service.app import DummySettings, build

main(DummySettings, build, tables=["messaging"])
