"""Builds the images whose inputs changed, and packs images for a cluster."""

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.cluster.lock import exclusive
from cli.images.catalogue import IMAGES, NAMES, Image, default_registry, default_tag
from cli.images.engines import Engine, find
from cli.images.errors import ImageError
from cli.images.inputs import digest
from cli.layout import STATE

PARALLEL = 2
FOLDER = STATE / "images"

Say = Callable[[str], None]


def build(
    names: Sequence[str] | None = None, tag: str | None = None, registry: str | None = None, say: Say = print
) -> list[Path]:
    """Archives of the named images (all by default), under the chart's default names unless told otherwise.

    Builds what is missing or was made of other inputs. Raises ImageError; ClusterError while another build runs.
    """
    with exclusive(FOLDER / "lock", "the images"):
        engine = find()
        references = make(engine, _chosen(names), tag or default_tag(), registry or default_registry(), say)
        return [_archive(engine, references, say)]


def make(engine: Engine, images: Sequence[Image], tag: str, registry: str, say: Say) -> list[str]:
    """Bring the images up to date; answers their references."""
    started = time.monotonic()
    say("looking for the base image")
    base = engine.base()
    references = {image: image.reference(registry, tag) for image in images}
    digests = {image: digest(image, repr(sorted(base.arguments.items()))) for image in images}
    with ThreadPoolExecutor(PARALLEL) as pool:
        labels = dict(zip(images, pool.map(lambda image: engine.label(references[image]), images), strict=True))
    stale = [image for image in images if labels[image] != digests[image]]
    say(f"{len(images) - len(stale)} of {len(images)} images are as they should be")

    def one(image: Image) -> None:
        began = time.monotonic()
        engine.build(image, references[image], base, digests[image], FOLDER / f"{image.name}.log")
        say(f"built {references[image]} in {time.monotonic() - began:.0f} s")

    engine.prepare({image.layer for image in stale if image.layer}, base)
    with ThreadPoolExecutor(PARALLEL) as pool:
        try:
            list(pool.map(one, stale))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if stale:
        say(f"built {len(stale)} images in {time.monotonic() - started:.0f} s")
    return list(references.values())


def _archive(engine: Engine, references: list[str], say: Say) -> Path:
    """One archive, so that what the images share is in it once; kept until an image changes."""
    identities = sorted((reference, engine.identity(reference)) for reference in references)
    name = f"images-{hashlib.sha256(repr(identities).encode()).hexdigest()[:16]}.tar"
    archive = FOLDER / name
    if not archive.exists():
        for old in FOLDER.glob("*.tar"):
            old.unlink()
        say("packing the images")
        engine.save(references, archive)
    return archive


def _chosen(names: Sequence[str] | None) -> list[Image]:
    if unknown := sorted(set(names or ()) - set(NAMES)):
        raise ImageError(f"no image {', '.join(unknown)}: there are {', '.join(NAMES)}")
    return [image for image in IMAGES if not names or image.name in names]
