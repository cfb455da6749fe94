"""The images of a next version: the same, under another tag, and the order service with one more migration."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cli.cluster import kind
from cli.cluster.layout import Cluster
from cli.cluster.load import import_archive
from cli.images import engines
from cli.images.catalogue import IMAGES, default_registry, default_tag

TAG = "next"
MIGRATION = "9999-note.sql"
SQL = "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;\n"


def load_next_version(cluster: Cluster) -> None:
    """Makes them of the images that were built, and puts them into the cluster."""
    registry = default_registry()
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as folder:
        context = Path(folder)
        (context / MIGRATION).write_text(SQL)
        engine = engines.find()
        references = []
        for image in IMAGES:
            current, following = (image.reference(registry, tag) for tag in (default_tag(), TAG))
            lines = [f"FROM {current}"]
            if image.name == "order":
                lines.append(f"COPY {MIGRATION} /app/services/order/migrations/")
            (context / "Dockerfile").write_text("\n".join(lines) + "\n")
            build(engine, following, context, {})
            references.append(following)
        archive = context / "images.tar"
        engine.save(references, archive)
        import_archive(cluster, archive)


def build(engine: engines.Engine, reference: str, context: Path, arguments: Mapping[str, str]) -> None:
    """The image of the folder's Dockerfile, of images that are there."""
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    if isinstance(engine, engines.Buildah):
        command = ["buildah", "bud", "-q", "--pull-never", *given, "-t", reference, str(context)]
        environment = {**engine.environment}
    else:
        command = [kind.engine() or "docker", "build", "-q", *given, "-t", reference, str(context)]
        environment = {}
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
