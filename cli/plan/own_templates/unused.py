"""Files and folders of a seller's that no mail is made from, and mails that are in fewer languages for them."""

from collections.abc import Collection, Iterator
from pathlib import Path

from cli.plan.own_templates.check import places_in, sources_in
from cli.plan.own_templates.pages import unused_pages
from cli.plan.own_templates.untranslated import untranslated
from cli.plan.own_templates.variables import names_included_in
from dunning.campaign_file.toml_values import hint, nearest
from dunning.language.choose import ENGLISH_TAG, LANGUAGES, find_language
from dunning.language.own import OWN_SENTENCES
from webhooks.looks import OWN_PAGES
from worker.letters.compiled import FILE_OF_A_MAIL, SHIPPED
from worker.letters.render import Renderer

_NAMES = ", ".join(f"NAME.{suffix}" for suffix in ("subject.txt", "txt", "html", "mjml"))

_LANGUAGES = ", ".join(sorted(LANGUAGES))


def unused_files(folder: Path, wanted: Collection[str], renderer: Renderer) -> Iterator[str]:
    """Name what no mail is made from.

    Args:
        folder: the seller's.
        wanted: the templates that the campaigns' steps use.
        renderer: has read the folder.
    """
    places = places_in(folder)
    included = names_included_in(source for place in (*places, SHIPPED) for _, source in sources_in(place))
    for place in places:
        for file in sorted(place.iterdir()):
            if file in {*places, folder / OWN_PAGES} or file.name.startswith("."):
                continue
            if not file.is_dir() and not file.is_file():
                yield f"{file}: it can't be read, so it is passed over; it should be a file, or a link to one."
            elif file.name.startswith("_"):
                if not {file.name, file.with_suffix(".html").name, None} & included:
                    yield f"{file}: no template includes or extends it."
            elif file != place / OWN_SENTENCES and (
                why := _why(file, wanted, renderer, None if place is folder else place.name)
            ):
                yield f"{file}: {why}"
    yield from unused_pages(folder)
    yield from _in_fewer_languages(folder, wanted, renderer)
    translated = {name for name in renderer.templates & set(wanted) if _languages_of(name, renderer)}
    for file, source in sources_in(folder):
        of_mail = FILE_OF_A_MAIL.fullmatch(file.name)
        if translated and (of_mail["name"] in translated if of_mail else file.name.startswith("_")):
            yield from untranslated(file, source)


def _why(file: Path, wanted: Collection[str], renderer: Renderer, language: str | None) -> str:
    if file.is_dir():
        return _why_folder(file, language)
    of_mail = FILE_OF_A_MAIL.fullmatch(file.name)
    if of_mail is None:
        return f"no mail is made from it; its name should be one of {_NAMES} and {OWN_SENTENCES}."
    name, html = of_mail["name"], file.with_suffix(".html")
    if name not in wanted:
        return f"no step uses the template {name!r}{hint(nearest(name, wanted))}."
    if file.suffix == ".mjml" and html.is_file():
        return f"no mail is made from it: {html.name} goes before it."
    if language is not None and renderer.language(name, language, "") != language:
        return (
            f"no mail is made from it: other parts of {name!r} are in your own words for all, and so not in {language}."
        )
    return ""


def _why_folder(folder: Path, language: str | None) -> str:
    if folder.name == OWN_PAGES:
        return f"no page is made from it: pages have one folder for all languages, beside that of {language}."
    guess = hint(find_language(folder.name, "") or nearest(folder.name, LANGUAGES))
    return f"no mail is made from this folder; it should be named for a language, one of {_LANGUAGES}{guess}."


def _in_fewer_languages(folder: Path, wanted: Collection[str], renderer: Renderer) -> Iterator[str]:
    for name in sorted(renderer.templates & set(wanted)):
        kept = _languages_of(name, renderer)
        if len(kept) < len(LANGUAGES - {ENGLISH_TAG}):
            also = f" and {', '.join(kept)}" if kept else ""
            yield f"{folder}: {name!r} is in your own words, so it is written in English{also} alone."


def _languages_of(name: str, renderer: Renderer) -> list[str]:
    """Return the languages but English in which a mail is written."""
    return sorted(one for one in LANGUAGES - {ENGLISH_TAG} if renderer.language(name, one, "") == one)
