"""Where a template went wrong."""

import traceback
from pathlib import Path

from jinja2 import TemplateSyntaxError


def place_of(error: Exception, file: Path) -> str:
    """Return the file and line of a template that an exception came from, or `file` where none is known."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).suffix in {".css", ".html", ".mjml", ".txt"}
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else str(file)


def slip(error: Exception, file: Path) -> str:
    """Tell what went wrong in a template, with its file and line."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or file}:{error.lineno}: {error.message}"
    return f"{place_of(error, file)}: {error}"
