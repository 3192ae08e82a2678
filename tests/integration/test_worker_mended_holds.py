"""A hold that is mended goes off by itself, with nothing due; one that is not stays, and none flaps."""

from pathlib import Path

import pytest

from dunning.campaign_file.reader import parse_campaigns
from dunning.errors import OperatorMustActError
from dunning.paddle_api.permissions import TRANSACTIONS_NEED
from dunning.reasons import HoldWord
from tests.integration.house import AT_ONCE, house
from tests.integration.several_debts import decline, served
from tests.integration.test_campaign_kept import began_with
from worker.missing_templates import check_template
from worker.release_mended_holds import release_mended_holds
from worker.services import WorkerServices

(GONE,) = parse_campaigns(AT_ONCE.replace('template = "reminder"', 'template = "gone"'), "old.toml")
NEEDED = " ".join(TRANSACTIONS_NEED)


@pytest.mark.parametrize("word", ["paddle_key", "paddle_permission"])
async def test_a_hold_of_paddles_goes_off_when_a_call_of_its_kind_works(
    redis_url: str, tmp_path: Path, word: str
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, served(home) as services:
        home.twin.api.permissions = {"transaction.read", "subscription.read"}
        await hold(services, word, about=NEEDED)
        assert await held_after_a_look(services) == [word]

        home.twin.api.permissions = set(TRANSACTIONS_NEED)
        assert await held_after_a_look(services) == []


async def test_a_hold_that_came_back_after_a_look_is_left_to_the_next_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, served(home) as services:
        await hold(services, "paddle_key", about=NEEDED)
        assert await held_after_a_look(services) == []

        await hold(services, "paddle_key", about=NEEDED)
        assert await held_after_a_look(services) == ["paddle_key"]


@pytest.mark.parametrize(("word", "stage"), [("mail_login", "connect"), ("mail_sender", "mail")])
async def test_a_hold_of_mail_goes_off_when_the_server_lets_us_in_again(
    redis_url: str, tmp_path: Path, word: str, stage: str
) -> None:
    async with house(redis_url, tmp_path, working=False) as home, served(home) as services:
        await hold(services, word)
        home.mailbox.answer(stage, 550)
        assert await held_after_a_look(services) == [word]

        assert await held_after_a_look(services) == []
        assert home.mailbox.mails == []


async def test_a_hold_of_a_folder_goes_off_when_it_can_be_written(redis_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.write_text("no folder")
    async with house(redis_url, tmp_path, working=False, MAIL_URL=f"file://{folder}") as home, served(home) as services:
        await hold(services, "mail_folder")
        assert await held_after_a_look(services) == ["mail_folder"]

        folder.unlink()
        assert await held_after_a_look(services) == []
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("word", "settings"), [("mail_policy", {}), ("mail_disk", {"MAIL_URL": "console:"})])
async def test_what_only_a_mail_can_show_waits_for_one_and_is_let_go_of_when_none_is_due(
    redis_url: str, tmp_path: Path, word: str, settings: dict[str, str]
) -> None:
    async with house(redis_url, tmp_path, working=False, **settings) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        async with served(home) as services:
            await hold(services, word)
            assert await held_after_a_look(services) == [word]

            (read,) = await services.store.cases.read_versioned([bill])
            await services.store.due.forget(bill, read.revision)
            assert await held_after_a_look(services) == []


async def test_a_hold_for_many_refusals_goes_off_when_the_row_is_over(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home, served(home) as services:
        await services.store.refusals.note("ctm_1", about_recipient=False)
        await hold(services, "mail_refusals")
        assert await held_after_a_look(services) == ["mail_refusals"]

        await services.store.refusals.accepted(services.clock())
        assert await held_after_a_look(services) == []


async def test_a_hold_for_a_template_goes_off_when_the_case_that_lacked_it_needs_it_no_more(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        case_id = await began_with(home, GONE)
        async with served(home) as services:
            with pytest.raises(OperatorMustActError) as lacking:
                check_template(services, case_id, GONE, GONE.steps[1])
            await services.store.holds.raise_(lacking.value, services.clock())
            assert await held_after_a_look(services) == ["template_missing"]

            (read,) = await services.store.cases.read_versioned([case_id])
            assert read.case is not None
            skipped = read.case.with_delivery("reminder", read.case.delivery("reminder").skip("by_hand"))
            await services.store.cases.commit(skipped, read.revision, due_at=services.clock(), now=services.clock())
            assert await held_after_a_look(services) == []


async def hold(services: WorkerServices, word: str, about: str = "") -> None:
    await services.store.holds.raise_(
        OperatorMustActError("It is refused.", hold=HoldWord(word), about=about), services.clock()
    )


async def held_after_a_look(services: WorkerServices) -> list[str]:
    await release_mended_holds(services)
    return [hold.word for hold in await services.store.holds.all()]
