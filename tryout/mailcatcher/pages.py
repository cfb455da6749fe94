"""The inbox as HTML. Everything in it came from outside, so everything is escaped; a message's own HTML is shown in a
sandbox without scripts."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from tryout.mailcatcher.reading import Letter

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'",
    "cache-control": "no-store",
}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4em .6em .4em 0; }
tr { border-bottom: 1px solid #ddd; } td { vertical-align: top; } form { margin: 1em 0; } input { font: inherit; }
pre { white-space: pre-wrap; background: #f6f6f6; padding: 1em; }
iframe { width: 100%; height: 30em; border: 1px solid #ddd; }
"""


def inbox(letters: Sequence[Letter], query: Mapping[str, str], *, more: bool) -> str:
    """The newest messages, and a form to find those of a recipient or an order."""
    rows = "".join(
        f"<tr><td>{one.received_at:%Y-%m-%d %H:%M:%S}</td><td>{escape(', '.join(one.to))}</td>"
        f'<td><a href="/inbox/{escape(one.id)}">{escape(one.subject or "(no subject)")}</a></td>'
        f"<td>{escape(one.order_id or '')}</td></tr>"
        for one in letters
    )
    table = (
        f"<table><tr><th>Received (UTC)</th><th>To</th><th>Subject</th><th>Order</th></tr>{rows}</table>"
        if letters
        else "<p>No messages.</p>"
    )
    older = urlencode({**query, "before": letters[-1].id}) if letters else ""
    link = f'<p><a href="/?{escape(older)}">older</a></p>' if more else ""
    return _page("Inbox", _form(query) + table + link)


def letter(one: Letter) -> str:
    """One message: its text, its HTML, its headers."""
    head = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in one.headers)
    html = f'<h2>HTML</h2><iframe sandbox srcdoc="{escape(one.html)}" title="HTML part"></iframe>' if one.html else ""
    text = f'<p><a href="/">inbox</a></p><h2>Text</h2><pre>{escape(one.text)}</pre>'
    return _page(one.subject or "(no subject)", f"{text}{html}<h2>Headers</h2><table>{head}</table>")


def _form(query: Mapping[str, str]) -> str:
    def field(name: str, label: str) -> str:
        return f'<label>{label} <input name="{name}" value="{escape(query.get(name, ""))}"></label> '

    return f"<form>{field('to', 'To')}{field('order', 'Order')}<button>Find</button></form>"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} - Mercato mail</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
