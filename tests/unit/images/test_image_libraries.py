"""What each image installs is its own lock: no more, no less, whichever layer it comes by."""

from collections.abc import Iterable

import pytest

from cli.images.catalogue import IMAGES, LAYERS, Image
from tests.support.loading import ROOT, load

install = load("images/install.py")
SERVICES = [image for image in IMAGES if image.layer]


def read(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pins(entries: Iterable[str]) -> set[str]:
    """Names and versions; a marker may differ between locks (one of them needs a library only on some systems)."""
    return {entry.split()[0] for entry in entries}


def lock(name: str) -> set[str]:
    return pins(install.requirements(read(name)))


@pytest.mark.parametrize("image", SERVICES, ids=lambda image: image.name)
def test_layers_and_remainder_are_the_services_lock(image: Image) -> None:
    layers = install.layers_up_to(image.layer)
    own = pins(install.remainder(read(image.name), [read(layer) for layer in layers]))
    assert own.union(*(lock(layer) for layer in layers)) == lock(image.name)


@pytest.mark.parametrize("image", [image for image in SERVICES if image.arguments], ids=lambda image: image.name)
def test_a_service_stands_on_the_highest_layer_its_lock_holds(image: Image) -> None:
    taken = install.layers_up_to(image.layer)
    assert {layer for layer in install.LAYERS if lock(layer) <= lock(image.name)} == set(taken)


def test_a_requirement_is_installed_with_all_its_hashes() -> None:
    text = "# by a tool\na==1 \\\n  --hash=sha256:1 \\\n  --hash=sha256:2\nb==2 ; x == 'y' \\\n  --hash=sha256:3\n"
    a, b = install.requirements(text)
    assert a.count("--hash") == 2
    assert b.startswith("b==2 ;")
    assert install.remainder(text, [a]) == [b]


def test_both_lists_of_layers_are_the_same() -> None:
    assert tuple(install.LAYERS) == LAYERS
    assert all(image.arguments.get("ON", image.layer) == image.layer for image in IMAGES)
