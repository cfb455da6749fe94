"""Builds the programs in `maven/` with Maven, once for each state of their sources, into the download cache."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

from cli.layout import cache
from tests.support.absent import Absent

SOURCES = Path(__file__).with_name("maven")
BUILD_SECONDS = 300.0
_OFFLINE = ("Could not transfer", "Could not resolve", "could not be resolved", "Failure to transfer")
_FAST_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx192m", "-Dfile.encoding=UTF-8")


def command(module: str, main: str) -> list[str]:
    """What runs the class `main` of a module. Raises Absent where it can be neither run nor built."""
    java = shutil.which("java")
    if java is None:
        raise Absent("Java is not installed")
    target = _built() / module / "target"
    class_path = f"{target / 'classes'}{os.pathsep}{(target / 'class-path').read_text()}"
    return [java, *_FAST_START, "-cp", class_path, main]


def _built() -> Path:
    """The folder of the build; several test processes may ask at the same time."""
    folder = cache() / "spring" / _digest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _complete(folder):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(SOURCES, folder)
            _build(folder)
            (folder / "complete").touch()
    return folder


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in SOURCES.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(SOURCES)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _complete(folder: Path) -> bool:
    """Whether it was built, and Maven's own cache still has what it was built with."""
    jars = {Path(jar) for file in folder.glob("*/target/class-path") for jar in file.read_text().split(os.pathsep)}
    return (folder / "complete").exists() and all(jar.exists() for jar in jars)


def _build(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Absent("Maven is not installed")
    build = [maven, "--batch-mode", "--no-transfer-progress", "--quiet", *_mirror(folder), "compile"]
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if done.returncode == 0:
        return
    said = (done.stdout + done.stderr).strip()
    if any(sign in said for sign in _OFFLINE):
        raise Absent(f"Maven cannot download what Spring's programs need: {said.splitlines()[0][:300]}")
    raise RuntimeError(f"Spring's programs cannot be built: {said[-3000:]}")


def _mirror(folder: Path) -> list[str]:
    """Kafka's jars may come from a mirror; then so does this."""
    repository = os.environ.get("MERCATO_MAVEN_REPOSITORY")
    if repository is None:
        return []
    settings = folder / "settings.xml"
    mirror = f"<id>mirror</id><mirrorOf>central</mirrorOf><url>{escape(repository)}</url>"
    settings.write_text(f"<settings><mirrors><mirror>{mirror}</mirror></mirrors></settings>")
    return ["--global-settings", str(settings)]
