"""An image is built again exactly when something it is made of has changed."""

import shutil
from pathlib import Path

import pytest

from cli.images import inputs
from cli.images.catalogue import IMAGES, Image, default_registry, default_tag
from cli.images.errors import ImageError
from tests.support.loading import ROOT

DOCKERFILE = """\
FROM base AS code
COPY ${FOLDER}/__init__.py /app/${FOLDER}/
COPY ${FOLDER}/${SERVICE} locks/a.txt /app/
FROM base
COPY --from=code /app /app
"""
IMAGE = Image("one", "images/x.Dockerfile", {"SERVICE": "one", "FOLDER": "services"})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in {
        "images/x.Dockerfile": DOCKERFILE,
        "services/__init__.py": "",
        "services/one/app.py": "1",
        "services/two/app.py": "2",
        "locks/a.txt": "a==1",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_sources_are_what_the_dockerfile_copies(checkout: Path) -> None:
    assert inputs.sources(IMAGE, checkout) == ["locks/a.txt", "services/__init__.py", "services/one"]


@pytest.mark.parametrize(
    "changed", ["images/x.Dockerfile", "services/one/app.py", "locks/a.txt", "services/one/new.py"]
)
def test_a_change_of_what_it_is_made_of_is_seen(checkout: Path, changed: str) -> None:
    before = inputs.digest(IMAGE, "base", checkout)
    path = checkout / changed
    path.write_text((path.read_text() if path.exists() else "") + "\n# changed\n")
    assert inputs.digest(IMAGE, "base", checkout) != before


def test_another_base_or_argument_is_a_change() -> None:
    (order,) = (image for image in IMAGES if image.name == "order")
    other = Image("order", order.dockerfile, {**order.arguments, "ON": "web"})
    assert len({inputs.digest(order, "a"), inputs.digest(order, "b"), inputs.digest(other, "a")}) == 3


def test_what_it_does_not_hold_and_compiled_files_change_nothing(checkout: Path) -> None:
    before = inputs.digest(IMAGE, "base", checkout)
    (checkout / "services/two/app.py").write_text("3")
    cached = checkout / "services/one/__pycache__/app.pyc"
    cached.parent.mkdir()
    cached.write_text("x")
    assert inputs.digest(IMAGE, "base", checkout) == before


def test_a_copy_of_a_missing_file_is_an_error_that_names_it(checkout: Path) -> None:
    shutil.rmtree(checkout / "services/one")
    with pytest.raises(ImageError, match="copies services/one, which does not exist"):
        inputs.digest(IMAGE, "base", checkout)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_everything_the_real_dockerfiles_copy_is_there_and_let_through(image: Image) -> None:
    let_through = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    ]
    for source in inputs.sources(image):
        assert (ROOT / source).exists()
        assert any(source == path or source.startswith(f"{path}/") for path in let_through)


def test_names_are_those_the_chart_looks_for() -> None:
    assert IMAGES[0].reference("localhost/", "1") == "localhost/mercato-order:1"
    assert IMAGES[0].reference("", "1") == "mercato-order:1"
    assert default_registry()
    assert default_tag()
