"""The Message-IDs in the mail catcher's mailbox: from its folder, or from its API."""

import http.client
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cli.platform.errors import PlatformError

_HEAD_BYTES = 4096
_MESSAGE_ID = re.compile(rb"^Message-ID: *([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_SECONDS = 30.0
_AT_ONCE = 10_000


def in_folder(folder: Path) -> Iterator[str]:
    """Of the mails kept in `folder`; none when it is not there yet."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(".eml"):
                continue
            with open(entry.path, "rb", buffering=0) as file:
                found = _MESSAGE_ID.search(file.read(_HEAD_BYTES))
            if found:
                yield found[1].decode(errors="replace").strip()


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
