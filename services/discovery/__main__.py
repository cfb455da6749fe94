"""`python -m services.discovery`"""

from services.chassis.run import main
from services.discovery.app import build
from services.discovery.settings import DiscoverySettings

main(DiscoverySettings, build)
