"""The Message-IDs in the mail catcher's mailbox: from its folder, or from its API."""

import http.client
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from cli.platform.errors import PlatformError

FILE = "mails.sqlite"
_SECONDS = 30.0
_AT_ONCE = 10_000


def in_folder(folder: Path) -> Iterator[str]:
    """Of the mails kept in `folder`; none when it is not there yet. Raises PlatformError when it cannot be read."""
    file = folder / FILE
    if not file.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=_SECONDS)) as mailbox:
            for (message_id,) in mailbox.execute("SELECT message_id FROM mail WHERE message_id IS NOT NULL"):
                yield message_id
    except sqlite3.Error as error:
        raise PlatformError(f"the mailbox {file} cannot be read: {error}") from error


def over_http(url: str, see: str) -> Iterator[str]:
    """Of the mails that the mail catcher at `url` (http) keeps. Raises PlatformError, which says to look at `see`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_SECONDS)
    try:
        before = ""
        while True:
            page = _page(connection, before)
            yield from (mail["message_id"] for mail in page if mail["message_id"])
            if len(page) < _AT_ONCE:
                return
            before = str(page[-1]["id"])
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise PlatformError(f"the mail catcher at {url} does not answer as it should ({error}): see {see}") from error
    finally:
        connection.close()


def _page(connection: http.client.HTTPConnection, before: str) -> list[dict[str, str | None]]:
    """The newest mails older than `before`, if given. Raises OSError, HTTPException, ValueError."""
    connection.request("GET", f"/message-ids?limit={_AT_ONCE}" + (f"&before={before}" if before else ""))
    response = connection.getresponse()
    body = response.read()
    if response.status != http.client.OK:
        raise ValueError(f"status {response.status}")
    page: list[dict[str, str | None]] = json.loads(body)
    return page
