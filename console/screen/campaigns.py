"""Campaigns: which mail goes out when, what a changed file would change, and each mail in every language."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web

from console.keys import BACKSTAGE, CLOCK, SETTINGS, STORE
from console.screen.refusals import RefusedError
from console.screen.render import MAIL_SECURITY_POLICY, render
from dunning.casebook.campaign_words import changes, day, facts_of, for_what
from dunning.casebook.replay_past import replay_past
from dunning.errors import ConfigurationError
from dunning.rules.campaign import Campaign
from dunning.rules.declines import DeclineClass
from dunning.settings.load import Settings, load_campaigns


async def show(request: web.Request) -> web.Response:
    """Show the plan, and what the file says now that is not in force yet."""
    settings = request.app[SETTINGS]
    now, problems = _read_file(settings)
    return render(
        request,
        "campaigns.html",
        title="Campaigns",
        campaigns=[(one, for_what(one.when), [*facts_of(one)], _rows(one)) for one in settings.campaigns],
        classes=[*DeclineClass],
        changed=changes(settings.campaigns, now),
        past=await replay_past(request.app[STORE], settings.campaigns, now, request.app[CLOCK]()),
        problems=problems,
        file=settings.campaign_file,
        templates=await asyncio.to_thread(request.app[BACKSTAGE].templates),  # the first time, it compiles them
    )


async def show_mail(request: web.Request) -> web.Response:
    """Show a mail to somebody who is made up, in one language."""
    backstage, template = request.app[BACKSTAGE], request.match_info["template"]
    language = request.query.get("language", "en")
    try:
        mail = await asyncio.to_thread(backstage.example, template, language)
    except ValueError as error:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"{error}.") from None
    response = render(
        request,
        "mail.html",
        title=f"The mail {template.replace('_', ' ')}",
        lines=[],
        mail=mail,
        back="/campaigns",
        back_to="Back to the campaigns",
        note="An example: people and products are made up.",
        languages=backstage.languages(),
        language=language,
    )
    response.headers["Content-Security-Policy"] = MAIL_SECURITY_POLICY
    return response


def _read_file(settings: Settings) -> tuple[Sequence[Campaign], list[str]]:
    """Return the campaigns as the file has them now, or those in force and what is wrong with the file."""
    if settings.campaign_file is None:
        return settings.campaigns, []
    try:
        return load_campaigns({"DUNNING_CAMPAIGN_FILE": str(settings.campaign_file)}), []
    except ConfigurationError as error:
        return settings.campaigns, list(error.problems)


def _rows(campaign: Campaign) -> list[tuple[str, list[str], str]]:
    return [(step.name, [day(step.after[cls]) for cls in DeclineClass], step.template) for step in campaign.steps]
