"""The gateway's own operations, and the page."""

import re
from base64 import b64encode
from hashlib import sha256
from unittest.mock import Mock

from services.gateway.description import Description, page
from services.gateway.operations import OPERATIONS
from tests.support.operations import calls, described


def test_every_route_has_its_operation_and_the_other_way_round() -> None:
    assert calls(Description(Mock(), Mock(), "gateway").routes()) == described(OPERATIONS)


def test_the_page_is_complete_in_itself() -> None:
    text = page()[0].decode()
    assert "{{" not in text
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text)
    assert not re.search(r"@import|\burl\(|import\(|innerHTML|eval\(| on\w+=\"| style=\"", text)


def test_its_policy_lets_exactly_its_own_script_and_style_run() -> None:
    content, policy = page()
    for tag in ("script", "style"):
        [(found,)] = [re.findall(rf"<{tag}>(.*?)</{tag}>", content.decode(), re.DOTALL)]
        digest = b64encode(sha256(found.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
