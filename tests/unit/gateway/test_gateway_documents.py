"""What is read from the folder, and what is refused by name."""

from pathlib import Path

import pytest

from services.gateway.documents import read
from tests.unit.gateway.gateway_documents import documents, policy, route, rule

GOOD = route("good", f"[{rule('/good')}]")


def reasons(folder: Path, *texts: str) -> str:
    found = documents(folder, *texts)
    assert [item.metadata.name for item in found.routes] == ["good"], "the good neighbour must not be harmed"
    return "\n".join(f"{refused.document}: {refused.reason}" for refused in found.refused)


def test_the_shipped_folder_is_read_without_a_refusal() -> None:
    found = read(Path(__file__).parents[3] / "gateway-config")
    assert found.refused == ()
    assert len(found.routes) > 5


def test_broken_yaml_harms_no_other_document_of_its_file(tmp_path: Path) -> None:
    said = reasons(tmp_path, GOOD, "kind: [HTTPRoute\n", "\n")
    assert "routes.yaml#2: is not YAML" in said
    assert "line" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1\n", "is not an object"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", "Secret/s: only HTTPRoute"),
        ("kind: HTTPRoute\nkind: HTTPRoute\n", "given twice"),
        (route("bad", "[]"), "spec.rules"),
        (route("bad", f"[{rule('no-slash')}]"), "spec.rules.0.matches.0.path"),
        (route("bad", f"[{rule('/a?b')}]"), "is not a plain path"),
        (route("bad", f"[{rule('/(?=a)', kind='RegularExpression')}]"), "expression of RE2: invalid perl operator"),
        (route("bad", f"[{rule('/(a', kind='RegularExpression')}]"), "is not a regular expression of RE2"),
        (route("bad", f"[{rule('/a', method='FETCH')}]"), "spec.rules.0.matches.0.method"),
        (route("bad", "[{sessionPersistence: {}, backendRefs: []}]"), "sessionPersistence: this field is not supp"),
        (route("bad", "[{filters: [{type: RequestMirror}]}]"), "spec.rules.0.filters.0.type"),
        (route("bad", "[{timeouts: {request: 15}}]"), "must be a duration such as"),
        (route("good", f"[{rule('/other')}]"), "an earlier document has the same kind and name"),
        (policy("p", "HTTPRoute/good", "maxRequestBody: 1MB"), "must be a size such as"),
        (policy("p", "Service/good", "token: Required"), "spec.targetRefs.0.kind"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    assert said in reasons(tmp_path, GOOD, text)


def test_a_file_that_is_not_text_is_refused_and_a_hidden_one_left_out(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / ".hidden.yaml").write_text("not: read")
    assert reasons(tmp_path, GOOD) == "binary.yaml: is not UTF-8 text"


def test_a_missing_folder_is_an_error_and_not_an_empty_table(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing")


def test_durations_and_sizes_are_read_with_their_units(tmp_path: Path) -> None:
    found = documents(tmp_path, policy("p", "HTTPRoute/x", "timeout: 1m30s, maxRequestBody: 512Ki"))
    spec = found.policies[0].spec
    assert (spec.timeout, spec.max_request_body) == (90.0, 512 * 1024)
