"""Fills an image's folder of libraries at build time: runs in the build stage, with nothing but pip.

Usage: install.py LOCKS NAME [--on LAYER]   installs LOCKS/NAME.txt without what the shared layers hold already
       install.py --compile FOLDER          compiles Python files in place
Build secrets, where given: `pip` is a pip.conf, `ca` a bundle of certificate authorities. Neither is left in the image.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

LAYERS: dict[str, str | None] = {"web": None, "database": "web", "messaging": "database", "kubernetes": "web"}
"""The shared layers, each with the one it stands on."""
TARGET = Path("/lib-image")
SECRETS = Path("/run/secrets")
REQUIREMENT = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)


def requirements(lock: str) -> list[str]:
    """The lock's requirements, each with its hashes as one text."""
    return [entry for entry in REQUIREMENT.split(lock) if entry.strip() and not entry.startswith("#")]


def remainder(lock: str, below: list[str]) -> list[str]:
    """What `lock` requires beyond the locks `below`; all of one resolution, so equal requirements are equal texts."""
    held = {entry for other in below for entry in requirements(other)}
    return [entry for entry in requirements(lock) if entry not in held]


def layers_up_to(layer: str | None) -> list[str]:
    """The shared layers an image stands on, the topmost first."""
    return [layer, *layers_up_to(LAYERS[layer])] if layer else []


def install(wanted: list[str]) -> None:
    lock = Path("/tmp/wanted.txt")  # noqa: S108 - in the build stage there is nobody else
    lock.write_text("".join(wanted))
    environment = dict(os.environ)
    if (SECRETS / "pip").is_file():
        environment["PIP_CONFIG_FILE"] = str(SECRETS / "pip")
    if (SECRETS / "ca").is_file():
        environment["PIP_CERT"] = str(SECRETS / "ca")
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--root-user-action=ignore"]
    command += ["--quiet", "--no-compile", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    subprocess.run([*command, f"--target={TARGET}", "-r", str(lock)], env=environment, check=True)
    shutil.rmtree(TARGET / "bin", ignore_errors=True)


def compile_bytecode(folder: Path) -> None:
    """Never checked against the sources: they do not change, and copying alters their times."""
    command = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(folder)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("locks", type=Path, nargs="?")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--on", choices=LAYERS)
    parser.add_argument("--compile", type=Path)
    arguments = parser.parse_args()
    if arguments.compile:
        compile_bytecode(arguments.compile)
        return
    names = (arguments.name, *layers_up_to(arguments.on))
    own, *below = ((arguments.locks / f"{name}.txt").read_text() for name in names)
    if wanted := remainder(own, below):
        install(wanted)
        compile_bytecode(TARGET)


if __name__ == "__main__":
    main()
