"""What builds images here: Docker or Podman, or buildah where there is no engine."""

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Set
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from cli.cluster import kind
from cli.images import oci
from cli.images.base import Base, debian
from cli.images.catalogue import LAYERS, SERVICES, Image
from cli.images.commands import answers, run
from cli.images.errors import ImageError
from cli.layout import CHECKOUT

LABEL = "dev.mercato.inputs"
"""Carries the digest of what an image was made of."""
BELOW = "localhost/mercato-on-"
PYTHON_IMAGE = "docker.io/library/python:3.13-slim"
OWN_BASE = "MERCATO_PYTHON_IMAGE"
AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


class Engine(Protocol):
    """Builds images, and saves them as archives that containerd imports."""

    def base(self) -> Base:
        """What the images stand on; made first where it must be."""

    def prepare(self, layers: Set[str], base: Base) -> None:
        """Make the shared layers, where the engine would else make them for each image."""

    def label(self, reference: str) -> str | None:
        """The digest an image was made of; None: there is no such image, or it was not made by us."""

    def build(self, image: Image, reference: str, base: Base, digest: str, log: Path) -> None: ...

    def identity(self, reference: str) -> str:
        """What changes when the image does."""

    def save(self, references: list[str], archive: Path) -> None: ...


def find() -> Engine:
    """Docker or Podman where it answers, else buildah. Raises ImageError."""
    if program := kind.engine():
        return Docker(program)
    if shutil.which("buildah") and platform.system() == "Linux" and os.geteuid() == 0:
        return Buildah()
    raise ImageError(
        "nothing here builds images: start Docker or Podman, or as root on Debian: "
        "apt-get install --no-install-recommends buildah debootstrap"
    )


def secrets() -> list[str]:
    """What a download inside a build needs of this machine's configuration; it does not stay in the image."""
    environment = os.environ
    pip = (environment.get("PIP_CONFIG_FILE"), Path.home() / ".config/pip/pip.conf", "/etc/pip.conf")
    ca = (environment.get("PIP_CERT"), environment.get("SSL_CERT_FILE"), *AUTHORITIES)
    found = []
    for name, candidates in (("pip", pip), ("ca", ca)):
        file = next((path for path in candidates if path and Path(path).is_file()), None)
        if file:
            found += ["--secret", f"id={name},src={file}"]
    return found


def _arguments(image: Image, reference: str, base: Base, digest: str) -> list[str]:
    words = ["-t", reference, "-f", str(CHECKOUT / image.dockerfile), "--label", f"{LABEL}={digest}", *secrets()]
    return [*words, *_settings({**base.arguments, **image.arguments})]


def _settings(arguments: Mapping[str, str]) -> list[str]:
    return [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]


def _at(base: Base) -> str:
    """The tag of images that hold a shared layer and those below it: the digest of what they are made of."""
    made_of = hashlib.sha256(repr(base.arguments).encode())
    for path in (SERVICES, "images/install.py", *(f"requirements/{name}.txt" for name in LAYERS)):
        made_of.update((CHECKOUT / path).read_bytes())
    return f":{made_of.hexdigest()[:12]}"


class Docker:
    """Docker, or Podman, which takes the same words; it keeps the layers."""

    def __init__(self, program: str = "docker") -> None:
        self._program = program

    def base(self) -> Base:
        own = os.environ.get(OWN_BASE)
        return Base(own, own) if own else Base(PYTHON_IMAGE, PYTHON_IMAGE)

    def prepare(self, layers: Set[str], base: Base) -> None:
        """BuildKit works once on what several builds share."""

    def label(self, reference: str) -> str | None:
        return self._ask(reference, f'{{{{index .Config.Labels "{LABEL}"}}}}')

    def build(self, image: Image, reference: str, base: Base, digest: str, log: Path) -> None:
        # Attestations would make an index of each image, which `docker save` and kind take badly.
        plain = ["--provenance=false"] if self._program == "docker" else []
        command = [self._program, "build", *plain, *_arguments(image, reference, base, digest), str(CHECKOUT)]
        run(f"building {reference}", command, environment={"DOCKER_BUILDKIT": "1"}, log=log)

    def identity(self, reference: str) -> str:
        return self._ask(reference, "{{.Id}}") or ""

    def save(self, references: list[str], archive: Path) -> None:
        several = ["--multi-image-archive"] if self._program == "podman" else []
        run("saving the images", [self._program, "save", *several, "-o", str(archive), *references])

    def _ask(self, reference: str, template: str) -> str | None:
        try:
            answer = run(reference, [self._program, "image", "inspect", "-f", template, reference], timeout=60)
        except ImageError:
            return None
        return answer.strip() or None


class Buildah:
    """buildah as root, without an engine and without a registry: steps run in a chroot, on the host's network."""

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """Layers are shared with the overlay driver where the kernel and the disk allow it; vfs copies each whole."""
        driver = os.environ.get("STORAGE_DRIVER")
        if not driver:
            overlay = answers(["buildah", "info"], {"STORAGE_DRIVER": "overlay"})
            driver = "overlay" if overlay else "vfs"
        return {"STORAGE_DRIVER": driver, "BUILDAH_ISOLATION": "chroot"}

    def base(self) -> Base:
        own = os.environ.get(OWN_BASE)
        if own:
            return Base(own, own)
        if self._inspect(PYTHON_IMAGE):
            return Base(PYTHON_IMAGE, PYTHON_IMAGE)
        made = debian()
        if self._inspect(made.image) and self._inspect(made.build_image):
            return made
        if answers(["buildah", "pull", "-q", PYTHON_IMAGE], self.environment):
            return Base(PYTHON_IMAGE, PYTHON_IMAGE)
        made.make(self._build_base)
        return made

    def prepare(self, layers: Set[str], base: Base) -> None:
        # To find a copied layer in its cache, buildah copies it: as an image of its own it is copied once.
        for layer in sorted(layers):
            root = f"{BELOW}{layer}{_at(base)}"
            if self._inspect(root) is None:
                words = ["--target", f"on-{layer}", "-t", root, "-f", str(CHECKOUT / SERVICES), *secrets()]
                self._bud(f"building the layer {layer}", [*words, *_settings(base.arguments)], None)

    def label(self, reference: str) -> str | None:
        configuration = (self._inspect(reference) or {}).get("OCIv1", {}).get("config", {})
        found = (configuration.get("Labels") or {}).get(LABEL)
        return str(found) if found else None

    def build(self, image: Image, reference: str, base: Base, digest: str, log: Path) -> None:
        below = _settings({"BELOW": BELOW, "AT": _at(base)}) if image.layer else []
        self._bud(f"building {reference}", [*_arguments(image, reference, base, digest), *below], log)

    def identity(self, reference: str) -> str:
        return str((self._inspect(reference) or {}).get("FromImageID", ""))

    def save(self, references: list[str], archive: Path) -> None:
        layout = oci.Layout(archive.parent / "layout")
        for reference in references:
            identity = self.identity(reference)
            if not layout.holds(reference, identity):
                # To `oci:` buildah would push compressed, what images share once for each of them.
                with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".push-") as pushed:
                    command = ["buildah", "push", "-q", "--disable-compression", reference, f"dir:{pushed}"]
                    run(f"saving {reference}", command, environment=self.environment)
                    layout.add(reference, identity, Path(pushed))
        layout.prune()
        layout.pack(references, archive)

    def _bud(self, title: str, words: list[str], log: Path | None) -> None:
        command = ["buildah", "bud", "--layers", "--network=host", "--pull-never", *words, str(CHECKOUT)]
        run(title, command, environment=self.environment, log=log)

    def _build_base(self, context: Path, reference: str) -> None:
        command = ["buildah", "bud", "-q", "-t", reference, str(context)]
        run("packing the base image", command, environment=self.environment)

    def _inspect(self, reference: str) -> dict[str, Any] | None:
        command = ["buildah", "inspect", "--type", "image", reference]
        try:
            answer = run(reference, command, environment=self.environment, timeout=60)
        except ImageError:
            return None
        found: dict[str, Any] = json.loads(answer)
        return found
