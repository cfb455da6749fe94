"""The parameters each call takes; Stripe refuses what it does not know, and so a typing error is found.

They are those that the simulator honours, and those that change nothing here. `[]` is any place in a list, `[*]` any
name. Source: https://docs.stripe.com/api/payment_intents and https://docs.stripe.com/api/refunds
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tryout.simulator.errors import InvalidRequest

_CONFIRMING: Final = """payment_method error_on_requires_action off_session return_url receipt_email use_stripe_sdk
    capture_method allowed_payment_method_types[] payment_method_types[] setup_future_usage
    payment_method_options[card][request_three_d_secure] payment_method_options[card][capture_method]"""
_PAGES: Final = "limit starting_after ending_before created created[gt] created[gte] created[lt] created[lte] expand[]"


def _words(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in text.split())


CREATE: Final = _words(
    _CONFIRMING,
    "amount currency confirm confirmation_method metadata[*] description expand[] statement_descriptor",
    "statement_descriptor_suffix automatic_payment_methods[enabled] automatic_payment_methods[allow_redirects]",
)
CONFIRM: Final = _words(_CONFIRMING, "expand[]")
CAPTURE: Final = _words("amount_to_capture final_capture statement_descriptor statement_descriptor_suffix expand[]")
CANCEL: Final = _words("cancellation_reason expand[]")
REFUND: Final = _words("payment_intent charge amount reason metadata[*] expand[]")
RETRIEVE: Final = _words("client_secret expand[]")
SEARCH: Final = _words("query limit page expand[]")
INTENTS: Final = _words(_PAGES)
REFUNDS: Final = _words(_PAGES, "payment_intent charge")

# What can be shown whole.
INTENT_PARTS: Final = _words("latest_charge payment_method")
REFUND_PARTS: Final = _words("charge payment_intent")

_PLACE = re.compile(r"\[\d*\]")
_NAMED = re.compile(r"(\w+)\[[^\[\]]+\]")


def check(names: Iterable[str], known: frozenset[str]) -> None:
    """Raises InvalidRequest that names what is not among `known`."""
    unknown = sorted({name for name in names if not _is_known(name, known)})
    if unknown:
        what = "parameter" if len(unknown) == 1 else "parameters"
        raise InvalidRequest(
            f"Received unknown {what}: {', '.join(unknown)}", code="parameter_unknown", param=unknown[0]
        )


def _is_known(name: str, known: frozenset[str]) -> bool:
    form = _PLACE.sub("[]", name)
    if form in known:
        return True
    match = _NAMED.fullmatch(name)
    return match is not None and f"{match.group(1)}[*]" in known


def expandable(paths: Sequence[str], parts: frozenset[str]) -> Sequence[str]:
    """The paths. Raises InvalidRequest for one that is not among `parts`."""
    for path in paths:
        if path not in parts:
            raise InvalidRequest(f"This property cannot be expanded ({path}).", param="expand")
    return paths
