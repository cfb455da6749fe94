"""`python -m tryout.mailcatcher`."""

from services.chassis.run import main
from tryout.mailcatcher.app import build
from tryout.mailcatcher.settings import MailCatcherSettings

main(MailCatcherSettings, build)
