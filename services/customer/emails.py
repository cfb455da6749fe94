"""E-mail addresses: which we take, and when two are the same."""

from contextlib import suppress

from email_validator import EmailNotValidError, validate_email


def checked(text: str) -> str:
    """The address as we write it. Raises ValueError with a sentence on what is wrong.

    Nothing is looked up: whether a mailbox exists shows when a message is sent to it. Reserved names such as
    `shop.test` are fine, for people who try the platform out; what no mail server could be found for is not.
    """
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from None
    if "." not in (found.ascii_domain or ""):
        raise ValueError("is not an e-mail address: the part after the @ should have a dot in it")
    return found.normalized


def key(email: str) -> str:
    """What makes two spellings one account. Takes any text: a log-in with nonsense finds nobody."""
    with suppress(ValueError):
        email = checked(email)
    return email.strip().casefold()
