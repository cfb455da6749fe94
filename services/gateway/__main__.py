"""`python -m services.gateway`."""

from services.chassis.run import main
from services.gateway.app import build
from services.gateway.settings import GatewaySettings

main(GatewaySettings, build)
