"""E-mail addresses that every mail server takes, whatever extensions it lacks."""

import re

import idna

LONGEST = 254
"""Characters: a path has at most 256, two of them its angle brackets (RFC 5321, section 4.5.3.1.3)."""
_LONGEST_LOCAL_PART = 64
# dot-atom (RFC 5322, section 3.2.3). Quoted local parts are legal, and half of the world's software breaks on them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def mailable(text: str) -> str | None:
    """The address with its domain in ASCII (IDNA 2008, UTS 46); None when not every server would take mail for it.

    A local part beyond ASCII needs SMTPUTF8 (RFC 6531) of each server on the way, which cannot be known at the door.
    """
    local, at, domain = text.strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except UnicodeError:  # idna has errors of its own below it
            return None
    address = local + at + domain
    fits = len(local) <= _LONGEST_LOCAL_PART and len(address) <= LONGEST
    return address if fits and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain) else None
