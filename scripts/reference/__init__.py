"""Pages of docs/reference, made from the code. Run by scripts/generate-reference."""

GENERATED = "<!-- Written by scripts/generate-reference from the code. Do not edit. -->"


def cell(text: str) -> str:
    """`text` as it may stand in a table."""
    return text.replace("|", "\\|")
