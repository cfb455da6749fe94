"""What goes wrong with a cluster, in one line that names the remedy."""

import click


class ClusterError(click.ClickException):
    """Ends the command with exit code 1 and its message."""
