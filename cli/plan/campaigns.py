"""`dunning campaigns`: tell what is wrong with a campaign file, and show which mails it plans."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console

from cli.plan.campaign_table import as_json, brand_line, show
from cli.plan.own_templates.check import template_problems
from cli.plan.own_templates.images import problem_of
from cli.plan.own_templates.pages import page_problems
from cli.plan.own_templates.unused import unused_files
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import NO_BRANDS
from dunning.campaign_file.reader import parse_campaign_file, parse_campaigns, shipped
from dunning.campaign_file.toml_lines import TomlLines
from dunning.campaign_file.toml_values import hint, nearest
from dunning.casebook.campaign_words import day, for_what
from dunning.errors import ConfigurationError
from dunning.rules.campaign import Campaign, When
from worker.letters.compiled import SHIPPED, names_in
from worker.letters.render import Renderer

_FIRST_WINS = "A renewal follows the first of them that it fits."
_UNMAILED = "A renewal that fits none is not mailed."


def check(file: Path | None, templates: Path | None) -> None:
    """Print a line for each campaign and each brand of a file, if nothing is wrong with the file.

    Raises:
        ConfigurationError: with all that is wrong, a line for each.
    """
    text, name = _read(file)
    problems: list[str] = []
    found: tuple[Campaign, ...] = ()
    brands = NO_BRANDS
    try:
        file_says = parse_campaign_file(text, name)
        found, brands = file_says.campaigns, file_says.brands
    except ConfigurationError as error:
        problems += error.problems
    renderer = None
    if templates is not None:
        renderer, of_templates = _read_templates(templates)
        problems += of_templates
        problems += _missing(found, templates, text, name) if templates.is_dir() else []
    if problems:
        raise ConfigurationError(problems)
    for campaign in found:
        steps = "1 step" if len(campaign.steps) == 1 else f"{len(campaign.steps)} steps"
        until = day(max(campaign.steps[-1].after.values()))
        unmailed = f"; {campaign.hold_out}% of the customers get no mail" if campaign.hold_out else ""
        click.echo(f"{campaign.name}: {steps}, the last on {until}; {for_what(campaign.when)}{unmailed}")
    for brand in brands.all if brands != NO_BRANDS else ():
        click.echo(brand_line(brand))
        if brand.logo and (problem := problem_of(brand.logo)):
            path = ("brand", brand.key, "logo") if brand.key else ("brand", "logo")
            click.echo(f"{name}:{TomlLines(text).line_of(path)}: {problem}.")
    for remark in _remarks(found, templates):
        click.echo(remark)
    if templates is not None and renderer is not None:
        wanted = {step.template for campaign in found for step in campaign.steps}
        for remark in unused_files(templates, wanted, renderer):
            click.echo(remark)


def plan(file: Path | None, *, in_json: bool) -> None:
    """Print when each mail of a file goes out."""
    text, name = _read(file)
    found = parse_campaigns(text, name)
    if in_json:
        click.echo(json.dumps({"campaigns": [as_json(campaign) for campaign in found]}, indent=2))
        return
    console = Console(highlight=False)
    for campaign in found:
        show(console, campaign)
    console.print("Days count from the first failed charge: day 3 is 72 hours later. Who has paid gets no more mail.")
    for remark in _remarks(found, None):
        console.print(remark)


def _read(file: Path | None) -> tuple[str, str]:
    """Return the text of a file, and the name that it has in problems."""
    if file is None:
        return shipped(), "default.toml"
    try:
        return file.read_text(encoding="utf-8"), str(file)
    except UnicodeDecodeError:
        raise ConfigurationError([f"{file}: not UTF-8 text; should be a campaign file"]) from None
    except OSError as error:
        raise ConfigurationError([f"{file}: can't be read ({error.strerror}); should be a campaign file"]) from None


def _read_templates(templates: Path) -> tuple[Renderer | None, list[str]]:
    """Return what writes mails of a folder's templates, if nothing is wrong with them, and else what is."""
    seller = Mailbox("Example", "billing@example.com")
    renderer, broken = None, list[str]()
    try:
        renderer = Renderer(templates, seller, reply_to=None, redirect=None)
    except ConfigurationError as error:
        broken = error.problems
    if not templates.is_dir():
        return renderer, broken
    known = renderer or Renderer(None, seller, reply_to=None, redirect=None)
    read = list(template_problems(templates, known.variables, known.members))
    read += page_problems(templates, seller)
    places = {problem.partition(": ")[0] for problem in read}
    return renderer, [*(problem for problem in broken if problem.partition(": ")[0] not in places), *read]


def _missing(found: Sequence[Campaign], templates: Path, text: str, name: str) -> Iterator[str]:
    """Name the steps whose template is neither in the folder nor shipped."""
    known = names_in(SHIPPED) | names_in(templates)
    lines = TomlLines(text)
    for campaign in found:
        for index, step in enumerate(campaign.steps):
            if step.template not in known:
                line = lines.line_of(("campaign", campaign.name, "step", index, "template"))
                what = f"{step.template!r} is no template; should be one of {templates} or a shipped one"
                yield f"{name}:{line}: {what}{hint(nearest(step.template, known))}"


def _remarks(found: Sequence[Campaign], templates: Path | None) -> Iterator[str]:
    if len(found) > 1:
        yield _FIRST_WINS
    if all(campaign.when != When() for campaign in found):
        yield _UNMAILED
    own = {step.template for campaign in found for step in campaign.steps} - names_in(SHIPPED)
    if own and templates is None:
        yield f"Not shipped, so your own, in the folder that DUNNING_TEMPLATES names: {', '.join(sorted(own))}."
