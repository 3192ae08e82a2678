"""Exclusions, campaigns and counters, in both stores."""

from dataclasses import replace

from dunning.rules.campaign_version import version
from dunning.store import Exclusion
from tests.integration.at_rest import later
from tests.integration.stores import Hands
from tests.unit.case_builders import CAMPAIGN

OTHER = replace(CAMPAIGN, name="annual")


async def test_exclusions_are_told_of_those_that_are_asked_for_by_their_ids(hands: Hands) -> None:
    for number in (3, 1, 2):
        await hands.store.exclusions.exclude(f"sub_{number}", later(days=number))

    found = await hands.store.exclusions.of(["sub_3", "ctm_9", "sub_1", "sub_3"])

    assert found == [Exclusion("sub_1", later(days=1)), Exclusion("sub_3", later(days=3))]
    assert await hands.store.exclusions.of([]) == []
    assert [one.id for one in await hands.store.exclusions.all()] == ["sub_1", "sub_2", "sub_3"]


async def test_a_campaign_is_kept_under_its_version(hands: Hands) -> None:
    await hands.store.campaigns.keep([CAMPAIGN])
    await hands.store.campaigns.keep([OTHER, CAMPAIGN])

    assert await hands.store.campaigns.read(version(CAMPAIGN)) == CAMPAIGN
    assert await hands.store.campaigns.read("01234567") is None
    assert await hands.store.campaigns.all() == {version(one): one for one in (CAMPAIGN, OTHER)}
    assert await hands.store.campaigns.names() == {CAMPAIGN.name, OTHER.name}


async def test_no_campaign_is_nothing_to_keep(hands: Hands) -> None:
    await hands.store.campaigns.keep([])

    assert await hands.store.campaigns.all() == {}


async def test_no_case_is_nothing_to_read(hands: Hands) -> None:
    assert await hands.store.cases.read_versioned([]) == []


async def test_a_counter_is_raised_by_one_or_by_more(hands: Hands) -> None:
    await hands.store.counters.add("held_up")
    await hands.store.counters.add("held_up", 3)

    assert await hands.counts() == {"held_up": 4}
