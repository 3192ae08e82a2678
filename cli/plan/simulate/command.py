"""`dunning simulate`: a month of a campaign in a moment, with the real rules and the real mails."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import click
from rich.console import Console

from cli.plan.simulate import as_json
from cli.plan.simulate.letters import write_letters
from cli.plan.simulate.scenarios import SCENARIOS
from cli.plan.simulate.show import show, show_list
from cli.plan.simulate.stage import Stage
from dunning.addresses.mailbox import Mailbox
from dunning.campaign_file.reader import CampaignFile, parse_campaign_file, shipped
from dunning.errors import ConfigurationError
from dunning.rules.campaign import Campaign
from worker.letters.render import Renderer

# A Monday morning; always the same one, so that two rehearsals can be compared.
BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SENDER = Mailbox("Lantern Billing", "billing@lantern.example")


def rehearse(
    scenario: str | None,
    *,
    listing: bool,
    campaign_file: Path | None,
    use: str | None,
    templates: Path | None,
    mails: Path | None,
    in_json: bool,
) -> None:
    """Play every scenario, or one, and print what happened; with `listing`, print what scenarios there are.

    Raises:
        UsageError: there is no such scenario or campaign.
        ConfigurationError: the campaign file is wrong, or a template is missing.
    """
    console = Console(highlight=False, soft_wrap=False)
    if listing:
        if in_json:
            click.echo(json.dumps(as_json.known(), indent=2))
        else:
            show_list(console)
        return
    names = list(SCENARIOS) if scenario is None else [_known(scenario)]
    says = _campaign_file(campaign_file)
    campaign = says.campaigns[0] if use is None else _named(says.campaigns, use)
    renderer = Renderer(templates, SENDER, None, None)
    _check_templates(campaign, renderer)
    written, documents = 0, []
    for name in names:
        story = SCENARIOS[name]
        stage = Stage(BEGAN, story.adapt(replace(campaign, hold_out=0)), renderer, says.brands)
        story.plan(stage)
        stage.play()
        if in_json:
            documents.append(as_json.played(name, story, stage))
        else:
            show(console, name, story, stage, campaign)
        if mails is not None:
            written += _write(mails / name if scenario is None else mails, stage)
    if in_json:
        click.echo(json.dumps({"scenarios": documents}, indent=2))
    elif mails is not None:
        console.print(f"\n{written} mails are in {mails}, each as .eml and as .html to open in a browser.")


def _known(scenario: str) -> str:
    if scenario in SCENARIOS:
        return scenario
    guess = next(iter(get_close_matches(scenario, SCENARIOS, n=1, cutoff=0.3)), None)
    hint = f"; did you mean {guess}?" if guess else "."
    raise click.UsageError(f"There is no scenario {scenario!r}{hint} `dunning simulate --list` prints all.")


def _campaign_file(path: Path | None) -> CampaignFile:
    try:
        text = shipped() if path is None else path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError([f"{path}: the file is not UTF-8 text; it should be a campaign file"]) from None
    except OSError as error:
        raise ConfigurationError([f"{path}: the file can't be read ({error.strerror})"]) from None
    return parse_campaign_file(text, str(path or "default.toml"))


def _named(campaigns: Sequence[Campaign], name: str) -> Campaign:
    for campaign in campaigns:
        if campaign.name == name:
            return campaign
    known = ", ".join(campaign.name for campaign in campaigns)
    raise click.UsageError(f"The file has no campaign {name!r}; it has {known}.")


def _check_templates(campaign: Campaign, renderer: Renderer) -> None:
    missing = [
        f"Step {step.name} of campaign {campaign.name} uses the template {step.template}, which is neither shipped nor "
        "in the folder that --templates names."
        for step in campaign.steps
        if not renderer.has_template(step.template)
    ]
    if missing:
        raise ConfigurationError(missing)


def _write(folder: Path, stage: Stage) -> int:
    try:
        return write_letters(folder, stage.post_office.letters)
    except OSError as error:
        raise click.ClickException(f"The mails can't be written to {folder} ({error.strerror}).") from None
