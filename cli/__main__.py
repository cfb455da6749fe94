"""`python -m cli`: the command line."""

import io
import sys

from cli.main import cli

for stream in (sys.stdout, sys.stderr):
    # A terminal, or a pipe, that cannot take a character of somebody's name must not end the command.
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")

cli(prog_name="mercato")
