"""Looks at campaigns, brands and templates."""

from dunning.errors import ConfigurationError
from dunning.findings import Finding, Level
from dunning.settings.load import Settings
from worker.services import check_templates


def look_at_texts(settings: Settings) -> list[Finding]:
    """Compile and try every template that a campaign needs."""
    steps = sum(len(campaign.steps) for campaign in settings.campaigns)
    whose = "your own" if settings.campaign_file else "the shipped one"
    findings = [
        Finding("campaigns", Level.OK, f"{len(settings.campaigns)} with {steps} steps, {whose}."),
        Finding("brands", Level.OK, f"{len(settings.brands.all)}, and each can be read."),
    ]
    try:
        check_templates(settings)
    except ConfigurationError as error:
        return [*findings, *(Finding("templates", Level.FAILURE, problem) for problem in error.problems)]
    return [*findings, Finding("templates", Level.OK, "Every step has one, and each was tried.")]
