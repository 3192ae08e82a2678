"""Templates that a campaign names and that are not there: logged at start, and a hold when a mail needs one."""

import structlog

from dunning.alerts import Alert
from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.rules.campaign import Campaign, Step
from worker.services import Services, WorkerServices

log = structlog.get_logger()

TEMPLATE_HOLD = HoldWord.TEMPLATE_MISSING
WHAT_TO_DO = "put its files back into the folder that DUNNING_TEMPLATES names, and restart the worker"


def check_template(services: Services, case_id: str, campaign: Campaign, step: Step) -> None:
    """Make sure that the step's template is there.

    Raises:
        OperatorMustActError: it is not.
    """
    if not services.renderer.has_template(step.template):
        raise OperatorMustActError(
            f"Step {step.name} of campaign {campaign.name} uses the template {step.template}, which is not there: "
            f"{WHAT_TO_DO}.",
            hold=TEMPLATE_HOLD,
            about=f"{case_id} {step.name}",
        )


async def tell_missing_templates(services: WorkerServices) -> None:
    """Log each template that a kept campaign names and that is not there: open cases may still follow it."""
    for version, campaign in (await services.store.campaigns.all()).items():
        for step in campaign.steps:
            if not services.renderer.has_template(step.template):
                log.error(
                    Alert.TEMPLATE_MISSING,
                    campaign=campaign.name,
                    version=version,
                    step=step.name,
                    template=step.template,
                    problem=WHAT_TO_DO,
                )
