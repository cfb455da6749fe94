"""`python -m services.notification [serve|migrate]`."""

from services.chassis.run import main
from services.notification.app import build
from services.notification.settings import NotificationSettings

main(NotificationSettings, build, tables=["messaging"])
