"""Where a template went wrong."""

import traceback
from pathlib import Path

from jinja2 import TemplateSyntaxError

_NOT_UTF8 = "it is not UTF-8 text; save it as UTF-8"


def read_template(file: Path) -> str:
    """Return the text of a template. A mark of its encoding at its start, as Windows writes one, is no part of it.

    Raises:
        TemplateSyntaxError: it is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateSyntaxError(_NOT_UTF8, _line_of(error), filename=str(file)) from None


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
    if isinstance(error, UnicodeDecodeError):
        return f"{file}:{_line_of(error)}: {_NOT_UTF8}"
    return f"{place_of(error, file)}: {error}"


def _line_of(error: UnicodeDecodeError) -> int:
    return error.object.count(b"\n", 0, error.start) + 1
