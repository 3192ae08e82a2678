"""What a changed campaign file would have changed of the cases that ended lately, on the screen too."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook.replay_past import StepReplayed, replay_past
from dunning.casebook.write import write_by
from dunning.people import PersonRole
from dunning.reasons import SkipReason
from dunning.rules.case import CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery
from dunning.rules.story import Entry, Kind
from dunning.store import Store, Versioned
from tests.integration.at_rest import NOW, a_case
from tests.integration.cases_by_hand import CAMPAIGN
from tests.integration.console_side import running_console
from tests.integration.edge import settings
from tests.integration.test_screen_cases import said

DAY = timedelta(days=1)
LATER = shipped().replace('after = "3d"', 'after = "5d"')
OPENED = Entry(kind=Kind.OPENED, decline_class=DeclineClass.SOFT, event_type="transaction.past_due", event_id="evt_1")
(CHANGED,) = parse_campaigns(LATER, "changed.toml")


async def ended(store: Store, *, opened: float, closed: float, **facts: object) -> None:
    """Put a soft decline that opened and closed so many days ago."""
    opened_at, closed_at = NOW - opened * DAY, NOW - closed * DAY
    case = a_case().but(failed_at=opened_at, attempted_at=opened_at, **facts)
    read = await write_by(store, CAMPAIGN, 0, opened_at, Versioned(None, 0), case, why=OPENED, opened_by=opened_at)
    await write_by(store, CAMPAIGN, 0, closed_at, read, case.end(CaseState.RECOVERED, None, closed_at))


async def test_cases_that_ended_lately_are_replayed_by_both_plans(store: Store) -> None:
    await ended(store, opened=10, closed=8)  # paid before the reminder by either
    await ended(store, opened=10, closed=6)  # paid after the reminder, and before the later one
    await ended(store, opened=10, closed=4)  # paid after the reminder by either
    await ended(store, opened=10, closed=4, held_out=True)
    await ended(store, opened=10, closed=4, deliveries={"first": Delivery().skip(SkipReason.SUPPRESSED)})
    await ended(store, opened=10, closed=4, campaign="annual")
    await ended(store, opened=45, closed=40)

    found = await replay_past(store, [CAMPAIGN], [CHANGED], NOW)

    assert found is not None
    first, reminder = (step.name for step in CAMPAIGN.steps[:2])
    assert (found.cases, found.otherwise, found.left_out, found.cut) == (3, 2, 2, False)
    assert found.steps == [
        StepReplayed("renewal", first, before=3, after=3, otherwise=0),
        StepReplayed("renewal", reminder, before=2, after=1, otherwise=1),
    ]


async def test_of_many_only_the_latest_are_replayed(store: Store) -> None:
    for closed in (4, 5, 6):
        await ended(store, opened=10, closed=closed)

    found = await replay_past(store, [CAMPAIGN], [CHANGED], NOW, most=2)

    assert found is not None
    assert (found.cases, found.steps[1].after, found.cut) == (2, 1, True)


async def test_a_plan_whose_steps_stay_as_they_are_needs_no_replay(store: Store) -> None:
    await ended(store, opened=10, closed=8)

    assert await replay_past(store, [CAMPAIGN], [replace(CAMPAIGN, hold_out=10)], NOW) is None
    assert await replay_past(store, [CAMPAIGN], [replace(CHANGED, name="annual")], NOW) is None


async def test_the_screen_says_how_many_would_have_been_mailed_what_otherwise(redis_url: str, tmp_path: Path) -> None:
    file = tmp_path / "campaigns.toml"
    file.write_text(shipped())
    async with running_console(settings(redis_url, CAMPAIGN_FILE=str(file))) as side:
        viewer, store = await side.sign_in(PersonRole.VIEWER), Store.open(redis_url, rate_limit=200)
        await ended(store, opened=10, closed=4)
        await ended(store, opened=10, closed=4, held_out=True)
        await store.close()
        unchanged = said((await viewer.get("/campaigns"))[1])
        file.write_text(LATER)
        changed = said((await viewer.get("/campaigns"))[1])

    assert "What it would have changed" not in unchanged
    assert "Of 1, 1 would have been mailed otherwise ." in changed
    assert f"renewal {CAMPAIGN.steps[1].name} 1 1 1" in changed
    assert "1 further case is left out" in changed
