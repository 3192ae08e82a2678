"""A template that a case's campaign names and that is gone: told at start, and a hold at run time."""

from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from dunning.campaign_file.reader import parse_campaigns
from dunning.rules.delivery import DeliveryState
from tests.integration.house import AT_ONCE, house
from tests.integration.several_debts import grants, served
from tests.integration.test_campaign_kept import began_with
from worker.missing_templates import tell_missing_templates
from worker.send.batch import send_steps

(GONE,) = parse_campaigns(AT_ONCE.replace('template = "reminder"', 'template = "gone"'), "old.toml")


async def test_a_template_that_is_gone_holds_and_no_try_is_counted(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        case_id = await began_with(home, GONE)
        async with served(home) as services:
            await send_steps(services, [case_id], await grants(services))

            (hold,) = await services.store.holds.all()
            assert hold.word == "template_missing"
            assert all(word in hold.sentence for word in ("reminder", "renewal", "gone"))
            case = await home.case(case_id)
            assert case is not None
            reminder = case.delivery("reminder")
            assert (reminder.state, reminder.tries, reminder.owner) == (DeliveryState.PLANNED, 0, None)


async def test_templates_of_kept_campaigns_that_are_gone_are_told_at_start(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, served(home) as services:
        await services.store.campaigns.keep([replace(GONE)])
        with capture_logs() as logs:
            await tell_missing_templates(services)

        assert [
            (entry["event"], entry["log_level"], entry["campaign"], entry["step"], entry["template"]) for entry in logs
        ] == [("campaign.template_missing", "error", "renewal", "reminder", "gone")]


async def test_a_template_that_breaks_is_not_taken_for_a_redis_that_is_away(redis_url: str, tmp_path: Path) -> None:
    broken = "{{ link }}\n{% if product == 'Odd' %}{% include 'nowhere.txt' %}{% endif %}\n"
    (tmp_path / "payment_failed.txt").write_text(broken)
    async with house(redis_url, tmp_path, TEMPLATES=str(tmp_path), working=False) as home:
        customer = home.twin.world.add_customer(name=None, email="odd@customer.example")
        odd = home.twin.world.decline(home.twin.world.add_subscription(customer, product="Odd"))
        async with served(home) as services:
            await send_steps(services, [odd], await grants(services))

            case = await home.case(odd)
            assert case is not None
            assert (case.delivery("first").reason, case.delivery("first").tries) == ("not_possible", 1)
