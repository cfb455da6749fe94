"""What a mail server answers (RFC 5321), for everyone and to everyone: commands and messages in, replies out."""

import re
from collections.abc import Callable, Sequence

MAX_MESSAGE = 5 * 1024 * 1024
"""Octets; a larger message is refused with 552."""

# What a server must allow, or more (RFC 5321, section 4.5.3.1); a line with its end and a dot that is doubled.
_LONGEST_LINE = 1001
_MOST_RECIPIENTS = 1000

NAME = "mailcatcher"
_EXTENSIONS = (f"SIZE {MAX_MESSAGE}", "8BITMIME", "SMTPUTF8", "PIPELINING")
_MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8"})
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PATH = re.compile(rf"(FROM|TO):\s*(?:<((?:{_QUOTED}|[^<>\s\"])*)>|([^\s<>]+))((?:\s+\S+)*)", re.IGNORECASE)

Keep = Callable[[str, Sequence[str], bytes], str]
"""Takes a message: sender, recipients, content. What it answers is the reply."""


class Dialogue:
    """With one client. `receiving`: a message comes next, not a command. `ended`: the client has said good-bye."""

    def __init__(self, keep: Keep) -> None:
        self.receiving = self.ended = False
        self._keep = keep
        self._greeted = False
        self._verbs: dict[str, Callable[[str], str]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: "250 OK",
            "VRFY": lambda _: "252 every address is taken",
            "HELP": self._help,
            "QUIT": self._quit,
        }
        self._begin()

    def _begin(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def command(self, line: str) -> str:
        """The reply to a command, which is without its line end."""
        verb, _, argument = line.partition(" ")
        act = self._verbs.get(verb.upper())
        return act(argument.strip()) if act else "500 Command not recognized"

    def message(self, content: bytes | None) -> str:
        """The reply to a message; None stands for one that was too large to be read."""
        sender, recipients = self._sender or "", self._recipients
        self._begin()
        self.receiving = False
        if content is None or len(content) > MAX_MESSAGE:
            return "552 Too much mail data"
        if max(map(len, content.split(b"\n"))) >= _LONGEST_LINE:
            return "500 Line too long"
        return self._keep(sender, recipients, content)

    def _ehlo(self, _: str) -> str:
        self._begin()
        self._greeted = True
        return "\r\n".join([f"250-{NAME}", *(f"250-{extension}" for extension in _EXTENSIONS), "250 HELP"])

    def _helo(self, _: str) -> str:
        self._begin()
        self._greeted = True
        return f"250 {NAME}"

    def _help(self, _: str) -> str:
        return f"214 {' '.join(self._verbs)}"

    def _rset(self, _: str) -> str:
        self._begin()
        return "250 OK"

    def _quit(self, _: str) -> str:
        self.ended = True
        return "221 Bye"

    def _mail(self, argument: str) -> str:
        if not self._greeted:
            return "503 EHLO comes before MAIL"
        if self._sender is not None:
            return "503 One message after the other"
        path = _PATH.fullmatch(argument)
        if path is None or path[1].upper() != "FROM":
            return "501 Syntax: MAIL FROM:<address>"
        if fault := _fault(path[4].upper().split()):
            return fault
        self._sender = path[2] if path[2] is not None else path[3]
        return "250 OK"

    def _rcpt(self, argument: str) -> str:
        if self._sender is None:
            return "503 MAIL comes before RCPT"
        path = _PATH.fullmatch(argument)
        if path is None or path[1].upper() != "TO" or not (address := path[2] or path[3]):
            return "501 Syntax: RCPT TO:<address>"
        if path[4]:
            return "555 Parameters not recognized"
        if len(self._recipients) == _MOST_RECIPIENTS:
            return "452 Too many recipients"
        self._recipients.append(address)
        return "250 OK"

    def _data(self, _: str) -> str:
        if not self._recipients:
            return "503 RCPT comes before DATA"
        self.receiving = True
        return "354 End data with <CR><LF>.<CR><LF>"


def _fault(parameters: Sequence[str]) -> str | None:
    """The reply to parameters of MAIL that cannot be taken."""
    values = dict(parameter.partition("=")[::2] for parameter in parameters)
    if not values.keys() <= _MAIL_PARAMETERS:
        return "555 Parameters not recognized"
    size = values.get("SIZE", "0")
    if not (size.isascii() and size.isdigit()):
        return "501 Syntax: SIZE=octets"
    # int() takes 4,300 digits at most.
    return "552 Too much mail data" if len(size) > len(str(MAX_MESSAGE)) or int(size) > MAX_MESSAGE else None
