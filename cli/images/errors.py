"""What goes wrong with images, in one line that names the remedy."""

import click


class ImageError(click.ClickException):
    """Ends the command with exit code 1 and its message."""
