"""The last line of defence of the logs: what must never be in one is taken out, whoever put it there."""

import re

MASK = "[redacted]"

# Signed tokens (RFC 7515, compact form), whatever follows the word Bearer, payment tokens, provider keys.
_SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?P<scheme>\b(?i:bearer)[ \t]+)[\w.~+/=-]{8,}|\bpm_\w+|\b(?:sk|rk|whsec)_\w{6,}|(?<=://)([^\s/:@]+):[^\s/@]+(?=@)"
)
# PostgreSQL quotes whole rows below an error, and pydantic the refused value: either may hold anything.
_DETAIL = re.compile(r"^(?:DETAIL|CONTEXT):.*$", re.MULTILINE)
_INPUT = re.compile(r"input_value=.*?(?=, input_type=)", re.DOTALL)


def redacted(text: str) -> str:
    """`text` without tokens, keys and passwords."""
    return _SECRETS.sub(lambda found: (found["scheme"] or "") + MASK, text)


def redacted_error(text: str) -> str:
    """A formatted exception without the data it quotes."""
    return _INPUT.sub(f"input_value={MASK}", _DETAIL.sub(f"DETAIL: {MASK}", text))
