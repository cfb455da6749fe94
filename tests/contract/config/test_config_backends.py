"""The folder of manifests and the API server's ConfigMaps say the same, whatever is in them and however it changes."""

import base64
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.config.backend import Snapshot
from services.config.configmaps import Reading, read
from services.config.directory import DirectoryBackend
from services.config.manifests import LABEL
from tests.support.config_documents import documents

ConfigMaps = dict[str, dict[str, Any]]
"""`data` and `binaryData` by name."""
NAMES = st.sampled_from(["application", "order", "order-dev", "payment"])


def configmap(said: Sequence[tuple[str, str]], binary: Sequence[tuple[str, str]]) -> dict[str, Any]:
    encoded = {key: base64.b64encode(text.encode("utf-8", "surrogatepass")).decode() for key, text in binary}
    return {"data": {key: _sent(text) for key, text in said}, "binaryData": encoded}


def _sent(text: str) -> str:
    """As JSON and YAML carry it."""
    return text.encode("utf-8", "replace").decode()


states = st.dictionaries(
    NAMES,
    st.builds(configmap, st.lists(documents, max_size=3), st.lists(documents, max_size=1)),
    min_size=1,
    max_size=3,
)


def of_the_folder(folder: Path, history: Sequence[ConfigMaps]) -> Snapshot:
    backend = DirectoryBackend(folder)
    for state in history:
        for path in folder.iterdir():
            if path.stem not in state:
                path.unlink()
        for name, fields in state.items():
            manifest = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "labels": {LABEL: "true"}},
                **fields,
            }
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(manifest, default_style='"'))
        snapshot = backend._read()
    return snapshot


def of_the_api_server(history: Sequence[ConfigMaps]) -> Snapshot:
    reading = Reading(Snapshot(), {}, ())
    for state in history:
        objects = [
            {"metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1"}, **fields}
            for name, fields in sorted(state.items())
        ]
        reading = read(objects, reading.understood, "shop")
    return reading.snapshot


@settings(max_examples=150, deadline=None)
@given(st.lists(states, min_size=1, max_size=3))
def test_both_say_the_same_after_any_history(history: list[ConfigMaps]) -> None:
    with TemporaryDirectory() as folder:
        told = of_the_folder(Path(folder), history)
    expected = of_the_api_server(history)
    assert repr(sorted(told.sources.items())) == repr(sorted(expected.sources.items()))
    assert sorted(fault.partition(": ConfigMap ")[2] for fault in told.faults) == sorted(
        fault.removeprefix("ConfigMap shop/") for fault in expected.faults
    )
