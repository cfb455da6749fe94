"""`python -m services.config`"""

from services.chassis.run import main
from services.config.app import build
from services.config.settings import ConfigSettings

main(ConfigSettings, build)
