"""Secrets are made once: what is missing is added, what is there is never changed."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import ApiException, V1ObjectMeta, V1Secret
from mercato_operator.jobs.setup import __main__ as setup
from mercato_operator.jobs.setup.ensure import ensure
from mercato_operator.jobs.setup.values import InvalidDeclarationError, read

from services.customer.keys import load_keys

DECLARED = read(
    json.dumps({"mercato-admin": {"email": {"value": "a@b.example"}, "password": {"generate": "password"}}})
)


class FakeApi:
    """The API server's Secrets, as far as the setup Job uses them."""

    def __init__(self) -> None:
        self.secrets: dict[str, V1Secret] = {}
        self.refuse: list[int] = []
        self.race: V1Secret | None = None

    def read_namespaced_secret(self, name: str, namespace: str, *, _request_timeout: float) -> V1Secret:
        if name not in self.secrets:
            raise ApiException(status=404, reason="Not Found")
        return self.secrets[name]

    def create_namespaced_secret(self, namespace: str, body: V1Secret, *, _request_timeout: float) -> V1Secret:
        if self.refuse:
            raise ApiException(status=self.refuse.pop(), reason="Forbidden")
        assert body.metadata is not None
        name = str(body.metadata.name)
        if self.race:
            self.secrets[name], self.race = self.race, None
        if name in self.secrets:
            raise ApiException(status=409, reason="Conflict")
        body.metadata.resource_version = "1"
        self.secrets[name] = body
        return body

    def patch_namespaced_secret(
        self, name: str, namespace: str, body: dict[str, Any], *, _request_timeout: float, _content_type: str
    ) -> V1Secret:
        assert _content_type == "application/merge-patch+json"
        found = self.secrets[name]
        assert found.metadata is not None
        if body["metadata"]["resourceVersion"] != found.metadata.resource_version:
            raise ApiException(status=409, reason="Conflict")
        found.data = {**(found.data or {}), **body["data"]}
        return found


def text(secret: V1Secret, key: str) -> str:
    return b64decode((secret.data or {})[key]).decode()


def existing(**data: str) -> V1Secret:
    return V1Secret(metadata=V1ObjectMeta(name="mercato-admin", resource_version="7"), data=dict(data))


def test_a_missing_secret_is_made_and_a_second_run_does_nothing() -> None:
    api = FakeApi()
    assert ensure(api, "shop", DECLARED) == ["mercato-admin: made with email, password"]
    secret = api.secrets["mercato-admin"]
    assert text(secret, "email") == "a@b.example"
    password = text(secret, "password")
    assert len(password) == 48
    assert password.isalnum()
    assert ensure(api, "shop", DECLARED) == []
    assert text(secret, "password") == password


def test_a_missing_key_is_added_and_the_others_stay() -> None:
    api = FakeApi()
    api.secrets["mercato-admin"] = existing(email="bWU=")
    assert ensure(api, "shop", DECLARED) == ["mercato-admin: added password"]
    assert (api.secrets["mercato-admin"].data or {})["email"] == "bWU="


def test_who_came_first_wins() -> None:
    api = FakeApi()
    api.race = existing(email="bWU=", password="aGVycw==")
    assert ensure(api, "shop", DECLARED) == []
    assert text(api.secrets["mercato-admin"], "password") == "hers"


def test_a_refusal_is_not_tried_again() -> None:
    api = FakeApi()
    api.refuse = [403]
    with pytest.raises(ApiException, match="403"):
        ensure(api, "shop", DECLARED)


def test_no_line_tells_a_value() -> None:
    api = FakeApi()
    (line,) = ensure(api, "shop", DECLARED)
    assert text(api.secrets["mercato-admin"], "password") not in line


def test_each_kind_is_what_its_reader_takes(tmp_path: Path) -> None:
    kinds = ["signing-key", "stripe-api-key", "stripe-webhook-secret", "kafka-cluster-id"]
    declared = read(json.dumps({"s": {kind: {"generate": kind} for kind in kinds}}))
    api = FakeApi()
    ensure(api, "shop", declared)
    secret = api.secrets["s"]
    (tmp_path / "1.pem").write_text(text(secret, "signing-key"))
    assert load_keys(tmp_path).algorithms == ["RS256"]
    assert text(secret, "stripe-api-key").startswith("sk_test_")
    assert text(secret, "stripe-webhook-secret").startswith("whsec_")
    assert len(text(secret, "kafka-cluster-id")) == 22


@pytest.mark.parametrize(
    ("declaration", "line"),
    [
        ('{"s": {"k": {"generate": "poem"}}}', r"MERCATO_SECRETS: s\.k\.generate: "),
        ('{"s": {"k": {}}}', r"MERCATO_SECRETS: s\.k: .*either"),
        ("nothing", r"MERCATO_SECRETS: the document: "),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(declaration: str, line: str) -> None:
    with pytest.raises(InvalidDeclarationError, match=line):
        read(declaration)


def test_without_its_variables_the_job_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MERCATO_NAMESPACE", raising=False)
    with pytest.raises(SystemExit, match="setup: MERCATO_NAMESPACE is not set"):
        setup.main()


def test_outside_a_pod_the_job_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_NAMESPACE", "shop")
    monkeypatch.setenv("MERCATO_SECRETS", "{}")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(SystemExit, match="setup: it runs in a pod"):
        setup.main()
