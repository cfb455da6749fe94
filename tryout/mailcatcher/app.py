"""Wires the mail catcher."""

from starlette.applications import Starlette

from services.chassis.http.app import application
from tryout.mailcatcher.api import routes
from tryout.mailcatcher.mailbox import Mailbox
from tryout.mailcatcher.receiver import Receiver
from tryout.mailcatcher.settings import MailCatcherSettings


def build(settings: MailCatcherSettings) -> Starlette:
    """The mail catcher: SMTP in, HTTP out."""
    mailbox = Mailbox(settings.mail_directory)
    return application(settings, routes=routes(mailbox), resources=[Receiver(mailbox, settings)])
