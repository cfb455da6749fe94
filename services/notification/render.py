"""Words of a notification: subject, text and HTML, from the templates beside this file."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.chassis.texts import currencies
from services.notification.messages import Money, Order

_SUBJECTS = {
    "order_confirmed": "Your order is confirmed",
    "order_rejected": "Your order could not be completed",
    "order_cancelled": "Your order is cancelled",
}

_REASONS = {
    "unknown_product": "One of the products you chose does not exist any more.",
    "out_of_stock": "There was not enough in stock for your order.",
    "price_changed": "A price changed while you were ordering; please look at the new total and order again.",
    "payment_declined": "Your payment was declined; please try another way to pay.",
    "payment_action_required": "Your bank wants you to approve the payment; please try another way to pay.",
    "payment_timeout": "The payment provider did not answer in time; please order again.",
    "expired": "Your order could not be completed in time; please order again.",
}
_UNKNOWN_REASON = "Your order could not be completed; please order again."

_MONEY_BACK = frozenset({"captured", "partially_refunded", "refunded", "reversing"})

_PACKED_LINE = 800

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _price(value: Money) -> str:
    return currencies.text_of(value.amount, value.currency)


_environment.filters["price"] = _price


@dataclass(frozen=True, slots=True)
class Words:
    """What the customer reads without HTML."""

    subject: str
    text: str


def words(kind: str, order: Order) -> Words:
    """Subject and text of a notification of `kind`."""
    return Words(_SUBJECTS[kind], _render(f"{kind}.txt", order))


def html(kind: str, order: Order) -> str:
    """The same as HTML; everything that came from outside is escaped."""
    return _packed(_render(f"{kind}.html", order))


def _render(template: str, order: Order) -> str:
    reason = _REASONS.get(order.reason or "", _UNKNOWN_REASON)
    return _environment.get_template(template).render(
        order=order, reason=reason, money_back=order.payment.status in _MONEY_BACK
    )


def _packed(html: str) -> str:
    """Fewer, longer lines, which HTML does not mind: mail servers and clients work line by line, and so cost less."""
    lines = [""]
    for line in html.split("\n"):
        if len(lines[-1]) + len(line) < _PACKED_LINE:
            lines[-1] += " " + line if lines[-1] else line
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
