"""E-mail addresses: which we take, and when two are the same."""

from contextlib import suppress

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from services.chassis.texts.addresses import mailable

# The library's own switch for names it refuses. People who try the platform out sign up as ann@shop.test.
SPECIAL_USE_DOMAIN_NAMES[:] = [n for n in SPECIAL_USE_DOMAIN_NAMES if n not in {"local", "localhost", "test"}]


def checked(text: str) -> str:
    """The address in the form every mail server takes (ASCII). Raises ValueError with a sentence on what is wrong.

    Nothing is looked up: whether a mailbox exists shows when a message is sent to it.
    """
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from None
    address = mailable(found.ascii_email or found.normalized)
    if address is None:  # a person whom nobody can write to could never order
        raise ValueError("is not an e-mail address that every mail server takes: at most 64 characters before the @")
    return address


def key(email: str) -> str:
    """What makes two spellings one account. Takes any text: a log-in with nonsense finds nobody."""
    email = email.strip()
    with suppress(ValueError):
        email = checked(email)
    return email.casefold()
