"""A port as an option of a command; 0 takes a free one."""

import click

PORT = click.IntRange(0, 65_535)
