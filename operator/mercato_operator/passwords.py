"""Passwords from a mounted Secret: a file for each name."""

from pathlib import Path


def read_passwords(folder: str | None) -> dict[str, str]:
    """By the files' names; empty without a folder. Raises OSError, ValueError (an empty file) that name the file."""
    if not folder:
        return {}
    found: dict[str, str] = {}
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith(".") or path.is_dir():  # a mounted Secret keeps its generations in hidden folders
            continue
        found[path.name] = path.read_text(encoding="utf-8").rstrip("\n")
        if not found[path.name]:
            raise ValueError(f"{path} is empty: put the password of {path.name} into its Secret")
    if not found:
        raise ValueError(f"{folder} holds no password: name the Secret with one for each service")
    return found
