"""What the ports name of a store, in both stores; and that no method they name goes untried in one of them."""

import inspect
import re
from pathlib import Path
from typing import get_type_hints

import pytest

from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.rules.campaign_version import version
from dunning.rules.case import CaseState
from dunning.store import Exclusion, Hold, Store
from dunning.store.refusals import Row
from tests.integration.at_rest import NOW, later
from tests.unit.case_builders import CAMPAIGN, CUSTOMER, SUBSCRIPTION, a_case
from worker import ports

OTHER_CUSTOMER, OTHER_SUBSCRIPTION = "ctm_other", "sub_other"


async def test_a_version_of_a_campaign_is_kept_and_an_unknown_one_is_none(either: Store) -> None:
    await either.campaigns.keep([CAMPAIGN])

    assert await either.campaigns.read(version(CAMPAIGN)) == CAMPAIGN
    assert await either.campaigns.read("never seen") is None


async def test_open_cases_are_found_by_their_customer(either: Store) -> None:
    await either.cases.commit(a_case(id="txn_b"), 0, due_at=NOW, now=NOW)
    await either.cases.commit(a_case(id="txn_a"), 0, due_at=NOW, now=NOW)
    await either.cases.commit(a_case(id="txn_c", customer_id=OTHER_CUSTOMER), 0, due_at=NOW, now=NOW)
    over = a_case(id="txn_b").end(CaseState.RECOVERED, None, NOW)
    await either.cases.commit(over, 1, due_at=None, now=NOW)

    assert await either.cases.open_of_customer(CUSTOMER) == ["txn_a"]
    found = await either.cases.open_of_customers([OTHER_CUSTOMER, "ctm_nobody", CUSTOMER])
    assert found == [["txn_c"], [], ["txn_a"]]


async def test_a_subscriptions_cases_that_were_just_stopped_are_found_with_the_open_ones(either: Store) -> None:
    for case_id, subscription in (
        ("txn_open", SUBSCRIPTION),
        ("txn_stopped", SUBSCRIPTION),
        ("txn_paid", SUBSCRIPTION),
    ):
        await either.cases.commit(a_case(id=case_id, subscription_id=subscription), 0, due_at=NOW, now=NOW)
    stopped = a_case(id="txn_stopped").end(CaseState.STOPPED, "debt_canceled", NOW)
    paid = a_case(id="txn_paid").end(CaseState.RECOVERED, None, NOW)
    await either.cases.commit(stopped, 1, due_at=None, now=NOW)
    await either.cases.commit(paid, 1, due_at=None, now=NOW)

    assert await either.cases.open_or_just_stopped(CUSTOMER, SUBSCRIPTION) == ["txn_open", "txn_stopped"]
    assert await either.cases.open_or_just_stopped(CUSTOMER, OTHER_SUBSCRIPTION) == ["txn_open"]


async def test_an_exclusion_holds_from_the_first_time_until_it_is_taken_back(either: Store) -> None:
    assert await either.exclusions.of([]) == []
    assert await either.exclusions.exclude(CUSTOMER, NOW)
    assert not await either.exclusions.exclude(CUSTOMER, later(hours=1))

    assert await either.exclusions.of([SUBSCRIPTION, CUSTOMER, CUSTOMER]) == [Exclusion(CUSTOMER, NOW)]
    assert await either.exclusions.include(CUSTOMER)
    assert not await either.exclusions.include(CUSTOMER)
    assert await either.exclusions.of([CUSTOMER]) == []


async def test_while_a_hold_is_on_one_case_at_a_time_finds_out_whether_it_is_mended(either: Store) -> None:
    for number in range(3):
        await either.cases.commit(a_case(id=f"txn_{number}"), 0, due_at=NOW, now=NOW)
    assert await either.holds.raise_(OperatorMustActError("It is refused.", hold=HoldWord.MAIL_QUOTA), NOW)
    assert await either.holds.all() == [Hold("mail_quota", NOW, "It is refused.")]

    assert (await either.due.sweep(NOW, calls_per_case=0)).moved == 0
    await either.holds.look_again()
    assert (await either.due.sweep(NOW, calls_per_case=0)).moved == 1
    assert (await either.due.sweep(NOW, calls_per_case=0)).moved == 0


async def test_what_is_given_back_may_be_asked_for_again(either: Store) -> None:
    granted = await either.limiter.ask(200, background=False)
    assert granted is not None
    assert await either.limiter.ask(1, background=False) is None

    await either.limiter.give_back(granted[:2])
    await either.limiter.give_back([])

    assert len(await either.limiter.ask(2, background=False) or []) == 2
    assert await either.limiter.ask(1, background=False) is None


async def test_refusals_count_each_customer_once_until_a_mail_is_accepted(either: Store) -> None:
    assert await either.refusals.accepted_at() is None
    assert await either.refusals.note("ctm_1", about_recipient=False) == Row(1, 1)
    assert await either.refusals.note("ctm_2", about_recipient=True) == Row(2, 1)
    assert await either.refusals.note("ctm_1", about_recipient=True) == Row(2, 0)

    await either.refusals.accepted(NOW)

    assert await either.refusals.accepted_at() == NOW
    assert await either.refusals.note("ctm_3", about_recipient=False) == Row(1, 1)


def methods() -> list[str]:
    """Give what the ports name of a store, as `part.method`."""
    parts = {
        name: get_type_hints(part.fget)["return"]
        for name, part in vars(ports.Store).items()
        if isinstance(part, property)
    }
    return [
        f"{part}.{name}"
        for part, port in parts.items()
        for protocol in port.__mro__
        for name, one in vars(protocol).items()
        if inspect.isfunction(one) and not name.startswith("_")
    ]


@pytest.mark.parametrize("method", methods())
def test_each_method_that_the_ports_name_is_tried_in_both_stores(method: str) -> None:
    suite = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_store_*.py"))
    helpers = {"in_vain.note": "tried(either,", "in_vain.works": "either.in_vain.works("}

    assert re.search(rf"either\.{re.escape(method)}\(", suite) or helpers.get(method, "nowhere") in suite
