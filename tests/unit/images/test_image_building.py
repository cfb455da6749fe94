"""Images are built when they must be, and packed so that a cluster finds them under their names."""

import hashlib
import json
from collections.abc import Set
from pathlib import Path

import pytest

from cli.images import build as building
from cli.images import oci
from cli.images.base import Base
from cli.images.catalogue import IMAGES, Image
from cli.images.errors import ImageError

BASE = Base("base:1", "build:1")


class FakeEngine:
    """Keeps labels; an image's identity is how often it was built."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.built: list[str] = []
        self.saved: list[Path] = []
        self.broken = ""
        self.prepared: Set[str] = set()

    def base(self) -> Base:
        return BASE

    def prepare(self, layers: Set[str], base: Base) -> None:
        self.prepared = layers

    def label(self, reference: str) -> str | None:
        return self.labels.get(reference)

    def build(self, image: Image, reference: str, base: Base, digest: str, log: Path) -> None:
        if image.name == self.broken:
            raise ImageError(f"building {reference} failed: broken")
        self.labels[reference] = digest
        self.built.append(image.name)

    def identity(self, reference: str) -> str:
        return self.labels[reference]

    def save(self, references: list[str], archive: Path) -> None:
        self.saved.append(archive)
        archive.write_text("\n".join(references))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr(building, "find", lambda: fake)
    monkeypatch.setattr(building, "FOLDER", tmp_path)
    return fake


def quiet(_line: str) -> None:
    pass


def test_all_images_are_built_once_under_the_charts_names(engine: FakeEngine) -> None:
    (archive,) = building.build(say=quiet)
    assert sorted(engine.built) == sorted(image.name for image in IMAGES)
    assert "localhost/mercato-order:" in archive.read_text()
    assert building.build(say=quiet) == [archive]
    assert len(engine.built) == len(IMAGES)
    assert len(engine.saved) == 1


def test_only_what_changed_is_built_and_the_old_archive_goes(engine: FakeEngine) -> None:
    (before,) = building.build(["order", "product"], "2", "registry.test", say=quiet)
    engine.labels["registry.test/mercato-product:2"] = "other inputs"
    engine.built.clear()
    (after,) = building.build(["order", "product"], "2", "registry.test", say=quiet)
    assert engine.built == ["product"]
    assert after.exists()
    assert before == after or not before.exists()


def test_an_unknown_name_is_refused_with_those_there_are(engine: FakeEngine) -> None:
    with pytest.raises(ImageError, match="no image ordre: there are order, product"):
        building.build(["ordre"], say=quiet)


def test_an_image_that_cannot_be_built_stops_the_rest(engine: FakeEngine) -> None:
    engine.broken = "order"
    with pytest.raises(ImageError, match="broken"):
        building.build(say=quiet)
    assert len(engine.built) <= building.PARALLEL
    assert engine.saved == []


def push(folder: Path, *layers: bytes) -> Path:
    """What buildah's `dir:` transport leaves: blobs by digest, and the manifest."""
    folder.mkdir()
    descriptors = []
    for content in (b"{}", *layers):
        name = hashlib.sha256(content).hexdigest()
        (folder / name).write_bytes(content)
        descriptors.append({"digest": f"sha256:{name}", "size": len(content)})
    manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "config": descriptors[0]}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "layers": descriptors[1:]}))
    return folder


def test_an_archive_holds_shared_layers_once_and_full_names(tmp_path: Path) -> None:
    layout = oci.Layout(tmp_path / "layout")
    layout.add("localhost/a:1", "1", push(tmp_path / "a", b"shared", b"a"))
    layout.add("localhost/b:1", "1", push(tmp_path / "b", b"shared", b"b"))
    layout.pack(["localhost/a:1", "localhost/b:1"], tmp_path / "x.tar")
    assert set(oci.names(tmp_path / "x.tar")) == {"localhost/a:1", "localhost/b:1"}
    blobs = [path.read_bytes() for path in (tmp_path / "layout/blobs/sha256").iterdir()]
    assert blobs.count(b"shared") == 1


def test_an_image_that_is_replaced_leaves_nothing(tmp_path: Path) -> None:
    layout = oci.Layout(tmp_path / "layout")
    layout.add("localhost/a:1", "1", push(tmp_path / "a", b"old"))
    assert layout.holds("localhost/a:1", "1")
    layout.add("localhost/a:1", "2", push(tmp_path / "b", b"new"))
    layout.prune()
    assert not layout.holds("localhost/a:1", "1")
    blobs = [path.read_bytes() for path in (tmp_path / "layout/blobs/sha256").iterdir()]
    assert b"new" in blobs
    assert b"old" not in blobs


def test_shared_layers_are_made_before_the_images_that_need_them(engine: FakeEngine) -> None:
    building.build(["order", "config", "envoy", "operator"], say=quiet)
    assert engine.prepared == {"messaging", "kubernetes"}
    engine.prepared = set()
    building.build(["order"], say=quiet)
    assert engine.prepared == set()
