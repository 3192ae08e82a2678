"""Files and folders of a seller's that no mail is made from, and mails that are in fewer languages for them."""

from collections.abc import Collection, Iterator
from pathlib import Path

from cli.plan.own_templates.check import places_in
from cli.plan.own_templates.pages import unused_pages
from dunning.campaign_file.toml_values import hint, nearest
from dunning.language.choose import ENGLISH_TAG, LANGUAGES
from dunning.language.own import OWN_SENTENCES
from webhooks.looks import OWN_PAGES
from worker.letters.compiled import FILE_OF_A_MAIL, names_in
from worker.letters.render import Renderer

_NAMES = ", ".join(f"NAME.{suffix}" for suffix in ("subject.txt", "txt", "html", "mjml"))


def unused_files(folder: Path, wanted: Collection[str], renderer: Renderer) -> Iterator[str]:
    """Name what no mail is made from.

    Args:
        folder: the seller's.
        wanted: the templates that the campaigns' steps use.
        renderer: has read the folder.
    """
    places = places_in(folder)
    for place in places:
        for file in sorted(place.iterdir()):
            if file in {*places, folder / OWN_PAGES, place / OWN_SENTENCES} or file.name.startswith(("_", ".")):
                continue
            if why := _why(file, wanted, renderer, None if place is folder else place.name):
                yield f"{file}: {why}"
    yield from unused_pages(folder)
    yield from _in_fewer_languages(folder, wanted, renderer)


def _why(file: Path, wanted: Collection[str], renderer: Renderer, language: str | None) -> str:
    if file.is_dir():
        guess = hint(nearest(file.name, LANGUAGES))
        return f"no mail is made from this folder; it should be named for a language{guess}."
    of_mail = FILE_OF_A_MAIL.fullmatch(file.name)
    if of_mail is None:
        return f"no mail is made from it; its name should be one of {_NAMES}."
    name = of_mail["name"]
    if name not in wanted:
        return f"no step uses the template {name!r}{hint(nearest(name, wanted))}."
    if language is not None and renderer.language(name, language, "") != language:
        return (
            f"no mail is made from it: other parts of {name!r} are in your own words for all, and so not in {language}."
        )
    return ""


def _in_fewer_languages(folder: Path, wanted: Collection[str], renderer: Renderer) -> Iterator[str]:
    for name in sorted(names_in(folder) & set(wanted)):
        others = LANGUAGES - {ENGLISH_TAG}
        kept = sorted(one for one in others if renderer.language(name, one, "") == one)
        if len(kept) < len(others):
            also = f" and {', '.join(kept)}" if kept else ""
            yield f"{folder}: {name!r} is in your own words, so it is written in English{also} alone."
