"""Refusals in a row, in both stores."""

from datetime import timedelta

from dunning.store.refusals import Row
from tests.integration.at_rest import NOW, later
from tests.integration.stores import Either, Hands


async def refused(store: Either, customer: str, *, about_recipient: bool = False) -> Row:
    return await store.refusals.note(customer, about_recipient=about_recipient)


async def test_a_mail_that_is_accepted_ends_the_row(hands: Hands) -> None:
    never = await hands.store.refusals.accepted_at()
    await refused(hands.store, "ctm_1")

    await hands.store.refusals.accepted(later(microseconds=1_999))

    assert (never, await hands.store.refusals.accepted_at()) == (None, later(milliseconds=1))
    assert await hands.store.refusals.are_over()
    assert await refused(hands.store, "ctm_2") == Row(1, 1)


async def test_an_hour_without_another_customer_ends_the_row(hands: Hands) -> None:
    await refused(hands.store, "ctm_1")
    await hands.let_pass(timedelta(minutes=59))
    lasts = await refused(hands.store, "ctm_2")
    await hands.let_pass(timedelta(minutes=59))
    known = await refused(hands.store, "ctm_1")
    await hands.let_pass(timedelta(minutes=1))

    assert (lasts, known) == (Row(2, 2), Row(2, 2))
    assert await hands.store.refusals.are_over()
    assert await refused(hands.store, "ctm_3") == Row(1, 1)


async def test_there_is_no_row_at_first(hands: Hands) -> None:
    assert await hands.store.refusals.are_over()
    await hands.store.refusals.accepted(NOW)
    assert await hands.store.refusals.are_over()
