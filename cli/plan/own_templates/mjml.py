"""What MJML passes over without a word: tags that it doesn't know, and attributes that change nothing."""

from collections.abc import Iterator
from pathlib import Path

from cli.plan.own_templates.tags import Attribute, Tag, read_tags
from dunning.campaign_file.toml_values import hint, nearest
from worker.letters.compiled import compile_mjml

# Of a tag's content these make HTML as it is: MJML in it stays MJML, which mail programs pass over.
_OF_HTML = frozenset(
    {"mj-accordion-text", "mj-accordion-title", "mj-button", "mj-navbar-link", "mj-raw", "mj-table", "mj-text"}
)
_TAGS = (
    *("mj-accordion", "mj-accordion-element", "mj-accordion-text", "mj-accordion-title", "mj-body", "mj-button"),
    *("mj-carousel", "mj-carousel-image", "mj-column", "mj-divider", "mj-group", "mj-hero", "mj-image", "mj-navbar"),
    *("mj-navbar-link", "mj-raw", "mj-section", "mj-social", "mj-social-element", "mj-spacer", "mj-table", "mj-text"),
    "mj-wrapper",
)
# For a guess at what was meant: https://documentation.mjml.io/#components
_ATTRIBUTES = (
    *("align", "alt", "background-color", "background-position", "background-repeat", "background-size"),
    *("background-url", "border", "border-bottom", "border-color", "border-left", "border-radius", "border-right"),
    *(
        "border-style",
        "border-top",
        "border-width",
        "cellpadding",
        "cellspacing",
        "color",
        "container-background-color",
    ),
    *("css-class", "direction", "fluid-on-mobile", "font-family", "font-size", "font-style", "font-weight"),
    *("full-width", "height", "href", "icon-size", "inner-padding", "letter-spacing", "line-height", "mj-class"),
    *("mode", "name", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "rel", "src"),
    *("srcset", "table-layout", "target", "text-align", "text-decoration", "text-transform", "title"),
    *("vertical-align", "width"),
)
# Of these, one at least changes what an attribute is of use for, even where its own value is the usual one.
_VALUES = (
    *("#0a0b0c", "17px", "57%", "right", "left", "bottom", "rtl", "true", "hidden", "7px dashed #0a0b0c", "no-repeat"),
)
_NO_ATTRIBUTE = "no-such-attribute"


def mjml_problems(file: Path, source: str) -> Iterator[str]:
    """Give each tag and each attribute that would vanish, with its line."""
    try:
        html = compile_mjml(source)
    except ValueError:
        return  # told when the templates are compiled
    for tag in read_tags(source):
        if not tag.name.startswith("mj") or "mj-head" in tag.inside:
            continue
        if problem := _of_tag(tag, html):
            yield f"{file}:{tag.line}: {problem}"
            continue
        for attribute in tag.attributes:
            if not _is_of_use(source, attribute):
                what = f"{attribute.name!r} changes nothing about <{tag.name}>"
                yield f"{file}:{attribute.line}: {what}{hint(_meant(attribute.name))}"


def html_problems(file: Path, source: str) -> Iterator[str]:
    """Give the first tag of MJML in a file that is taken for HTML as it is, with its line."""
    for tag in read_tags(source):
        if tag.name == "mjml" or tag.name in _TAGS:
            yield f"{file}:{tag.line}: <{tag.written}> is MJML, and compiled only in a file that ends in .mjml"
            return


def _of_tag(tag: Tag, html: str) -> str:
    around = next((one for one in tag.inside if one in _OF_HTML), None)
    if around is not None:
        return f"<{tag.name}> stands in <{around}>, which holds HTML alone: mail programs pass over it"
    if tag.written not in _TAGS and f"<{tag.written}" in html:
        return f"<{tag.written}> is no MJML{hint(nearest(tag.name, _TAGS))}"
    return ""


def _is_of_use(source: str, attribute: Attribute) -> bool:
    """Tell whether an attribute makes a difference here, with its own value or with another."""
    end_of_name = attribute.name_at + len(attribute.name)
    without = source[: attribute.name_at] + _NO_ATTRIBUTE + source[end_of_name:]
    end_of_value = attribute.value_at + len(attribute.value)
    for value in (attribute.value, *_VALUES):
        changed = source[: attribute.value_at] + value + source[end_of_value:]
        try:
            if compile_mjml(changed) != compile_mjml(without):
                return True
        except ValueError:
            return True
    return f'name="{attribute.value}"' in source and attribute.name == "mj-class"


def _meant(name: str) -> str | None:
    guess = nearest(name, _ATTRIBUTES)
    return None if guess == name else guess
