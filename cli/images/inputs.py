"""What an image is made of, as one digest: an image whose digest is unchanged need not be built again."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from cli.images.catalogue import Image
from cli.images.errors import ImageError
from cli.layout import CHECKOUT

COPY = re.compile(r"^COPY (?!--from)(.+) \S+$", re.MULTILINE)
VARIABLE = re.compile(r"\$\{(\w+)\}")
LEFT_OUT = ("__pycache__",)
"""As .dockerignore says."""


def sources(image: Image, checkout: Path = CHECKOUT) -> list[str]:
    """The files and folders that the Dockerfile copies from the checkout, relative to it."""
    text = (checkout / image.dockerfile).read_text(encoding="utf-8")
    found = " ".join(COPY.findall(text)).split()
    return sorted({VARIABLE.sub(lambda match: image.arguments[match[1]], source) for source in found})


def digest(image: Image, base: str, checkout: Path = CHECKOUT) -> str:
    """The digest of the Dockerfile, its arguments, all it copies, and `base`, which says what it stands on.

    Raises ImageError for a file that is not there.
    """
    whole = hashlib.sha256(repr((base, sorted(image.arguments.items()))).encode())
    for source in (image.dockerfile, *sources(image, checkout)):
        path = checkout / source
        if not path.exists():
            raise ImageError(f"image {image.name}: {image.dockerfile} copies {source}, which does not exist")
        for file in _files(path):
            name = file.relative_to(checkout).as_posix()
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            whole.update(f"{name} {file.stat().st_mode & 0o111 != 0} {content}\n".encode())
    return whole.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and not any(part in LEFT_OUT for part in file.parts):
            yield file
