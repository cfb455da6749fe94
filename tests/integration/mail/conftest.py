"""The mail catcher, reached over SMTP and HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.ports import free_port
from tests.support.serving import served
from tryout.mailcatcher.app import build
from tryout.mailcatcher.settings import MailCatcherSettings


@pytest.fixture
def settings(tmp_path: Path) -> MailCatcherSettings:
    return MailCatcherSettings(host="127.0.0.1", smtp_port=free_port(), mail_directory=tmp_path / "mail")


@pytest.fixture
async def catcher(settings: MailCatcherSettings) -> AsyncIterator[aiohttp.ClientSession]:
    async with served(build(settings)) as base, aiohttp.ClientSession(base) as session:
        yield session
