"""What the images stand on where no base image can be pulled: a minimal Debian with Python, made by debootstrap."""

import hashlib
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cli.images.commands import run
from cli.images.errors import ImageError
from cli.layout import CHECKOUT

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = ("python3", "python3-venv", "ca-certificates")
NEVER = ("dev/*", "proc/*", "sys/*", "run/*", "tmp/*", "var/lib/apt/lists/*", "var/cache/*", "var/log/*")
WASTE = ("usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/lintian/*")
# What builds and installs software has no place in an image that runs.
TOOLS = (
    *("usr/share/python-wheels/*", "usr/lib/python3.11/ensurepip", "usr/lib/apt", "usr/bin/apt*", "var/lib/apt"),
    *("usr/bin/perl*", "usr/lib/*/perl-base", "usr/share/perl*", "usr/bin/dpkg*", "usr/sbin/dpkg*"),
)


@dataclass(frozen=True)
class Base:
    """The image to stand on, and the one that the build stages run in."""

    image: str
    build_image: str
    make: Callable[[Callable[[Path, str], None]], None] = field(default=lambda _: None, compare=False)
    """Makes both, given what makes an image of a context folder."""

    @property
    def arguments(self) -> dict[str, str]:
        return {"PYTHON_IMAGE": self.image, "BUILD_IMAGE": self.build_image}


def debian() -> Base:
    """The base by the digest of its recipe; not made yet."""
    recipe = repr((SUITE, PACKAGES, NEVER, WASTE, TOOLS, platform.machine()))
    tag = f"{SUITE}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
    image, build_image = f"localhost/mercato-base:{tag}", f"localhost/mercato-build:{tag}"
    return Base(image, build_image, lambda pack: _make(image, build_image, pack))


def _make(image: str, build_image: str, pack: Callable[[Path, str], None]) -> None:
    if shutil.which("debootstrap") is None:
        raise ImageError(
            "no base image can be pulled, and debootstrap, which makes one, is missing: apt-get install debootstrap"
        )
    with tempfile.TemporaryDirectory(prefix="mercato-base-") as scratch:
        root = Path(scratch) / "root"
        command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root), MIRROR]
        # What is lost when the power fails is made again.
        run("debootstrap", command, environment={"DPKG_FORCE": "unsafe-io"})
        (root / "usr/bin/python").symlink_to("python3")
        for reference, left_out in ((build_image, (*NEVER, *WASTE)), (image, (*NEVER, *WASTE, *TOOLS))):
            context = Path(scratch) / "context"
            context.mkdir()
            shutil.copy(CHECKOUT / "images" / "base.Dockerfile", context / "Dockerfile")
            _tar(root, context / "root.tar", left_out)
            pack(context, reference)
            shutil.rmtree(context)


def _tar(root: Path, archive: Path, left_out: tuple[str, ...]) -> None:
    excluded = [f"--exclude=./{pattern}" for pattern in left_out]
    command = ["tar", "--numeric-owner", "--xattrs", *excluded, "-C", str(root), "-cf", str(archive), "."]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except subprocess.CalledProcessError as error:
        raise ImageError(f"packing the base image failed: {error.stderr.decode(errors='replace').strip()}") from None
