"""The image of the tutorial's loyalty service, built of the images that the cluster runs."""

import shutil
import tempfile
from pathlib import Path

from cli.cluster.layout import Cluster
from cli.cluster.load import import_archive
from cli.images import engines
from cli.images.catalogue import IMAGES, default_registry, default_tag
from cli.layout import CHECKOUT
from tests.cluster.platform.next_version import build

EXAMPLE = Path("docs") / "examples" / "loyalty"
REFERENCE = "localhost/mercato-loyalty:1.0"


def load_loyalty(cluster: Cluster) -> None:
    """Makes it as the tutorial says, and puts it into the cluster."""
    engine = engines.find()
    (order,) = (image for image in IMAGES if image.name == "order")
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as folder:
        context = Path(folder) / "context"
        shutil.copytree(CHECKOUT / EXAMPLE, context / EXAMPLE)
        shutil.copy(CHECKOUT / EXAMPLE / "Dockerfile", context / "Dockerfile")
        arguments = {
            "PYTHON_IMAGE": engine.base().arguments["PYTHON_IMAGE"],
            "PLATFORM": order.reference(default_registry(), default_tag()),
        }
        build(engine, REFERENCE, context, arguments)
        archive = Path(folder) / "image.tar"
        engine.save([REFERENCE], archive)
        import_archive(cluster, archive)
