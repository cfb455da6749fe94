"""What discovery and the issuer say, and what is kept of it on disk."""

import json
from pathlib import Path

import pytest

from services.gateway import endpoints, keys
from services.gateway.endpoints import DiscoveryUnavailableError, Endpoint
from services.gateway.files import remove_others, write_changed
from services.gateway.keys import KeysUnavailableError
from services.gateway.memory import Memory

KEY = {"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "abc", "d": "private"}


def test_instances_become_endpoints_and_one_without_an_address_is_left_out() -> None:
    instances = [{"host": "10.0.0.2", "port": 2}, {"host": "10.0.0.1", "port": 1}, {"host": "a-name", "port": 3}]
    apps = endpoints.parse(json.dumps([{"name": "order", "serviceInstances": instances}]).encode())
    assert apps == {"order": (Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 2))}


@pytest.mark.parametrize("payload", [b"", b"{}", b'[{"name": "x"}]'])
def test_an_answer_that_is_no_list_of_apps_is_not_an_empty_one(payload: bytes) -> None:
    with pytest.raises(DiscoveryUnavailableError):
        endpoints.parse(payload)


def test_of_a_key_only_the_public_members_go_further() -> None:
    parsed = json.loads(keys.parse(json.dumps({"keys": [KEY, {"kty": "oct", "k": "secret"}]}).encode()))
    assert parsed == {"keys": [{name: KEY[name] for name in KEY if name != "d"}]}


def test_the_order_of_the_keys_does_not_matter() -> None:
    other = KEY | {"kid": "2"}
    assert keys.parse(json.dumps({"keys": [KEY, other]}).encode()) == keys.parse(
        json.dumps({"keys": [other, KEY]}).encode()
    )


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"keys": []}', b'{"keys": [1]}', b'{"keys": [{"kty": "oct"}]}'])
def test_an_answer_without_a_public_key_is_an_error(payload: bytes) -> None:
    with pytest.raises(KeysUnavailableError):
        keys.parse(payload)


def test_what_was_heard_is_remembered_and_another_issuers_keys_are_not_trusted(tmp_path: Path) -> None:
    memory, apps = Memory(tmp_path, "http://issuer"), {"order": (Endpoint("127.0.0.1", 1),), "product": ()}
    assert (memory.apps(), memory.keys()) == (None, None)
    jwks = keys.parse(json.dumps({"keys": [KEY]}).encode())
    memory.keep_apps(apps)
    memory.keep_keys(jwks)
    again = Memory(tmp_path, "http://issuer")
    assert (again.apps(), again.keys()) == (apps, jwks)
    assert Memory(tmp_path, "http://other").keys() is None


def test_a_file_is_replaced_only_when_its_content_differs(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    assert write_changed(path, b"1")
    inode = path.stat().st_ino
    assert not write_changed(path, b"1")
    assert path.stat().st_ino == inode
    assert write_changed(path, b"2")
    assert [item.name for item in path.parent.iterdir()] == ["file"]


def test_files_of_backends_that_are_gone_are_removed(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        write_changed(tmp_path / name, b"")
    remove_others(tmp_path, {"a.json"})
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]
