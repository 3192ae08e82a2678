"""A scenario's mails in a folder: each as mail programs have it, and its page to open in a browser."""

from collections.abc import Sequence
from pathlib import Path

from cli.plan.simulate.post_office import Letter


def write_letters(folder: Path, letters: Sequence[Letter]) -> int:
    """Write each mail as NN-STEP.eml, with its HTML part as NN-STEP.html, and return how many there were.

    Raises:
        OSError: the folder can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, letter in enumerate(letters, start=1):
        name = f"{number:02d}-{letter.step}"
        (folder / f"{name}.eml").write_bytes(letter.message.as_bytes())
        page = letter.message.get_body(("html",))
        if page is not None:
            (folder / f"{name}.html").write_text(page.get_content(), encoding="utf-8")
    return len(letters)
