"""`python -m cli`: the command line."""

from cli.main import cli

cli(prog_name="mercato")
