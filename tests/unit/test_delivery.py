from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from dunning.rules.delivery import CLAIM, FINAL, Delivery, DeliveryState
from tests.unit.case_builders import DAY, FAILED_AT, ME, MINUTE, SECOND, held, planned, sending, sent, unknown

NOW = FAILED_AT
LAPSED = NOW + CLAIM


def refused() -> Delivery:
    return held().settle(ME, DeliveryState.REFUSED, "smtp_550")


def skipped() -> Delivery:
    return planned().skip("overtaken")


def dead() -> Delivery:
    return planned().die("debt_lapsed")


def closed() -> Delivery:
    return unknown().skip("overtaken")


ENDED = [
    pytest.param(sent(), id="sent"),
    pytest.param(refused(), id="refused"),
    pytest.param(skipped(), id="skipped"),
    pytest.param(dead(), id="dead"),
]


def test_a_claim_holds_a_delivery_until_it_lapses() -> None:
    delivery = planned().claim(ME, NOW)

    assert delivery.state is DeliveryState.PLANNED
    assert delivery.is_held(LAPSED - SECOND)
    assert not delivery.is_held(LAPSED)


def test_the_claim_outlives_the_longest_send() -> None:
    rcpt, data = timedelta(seconds=10), timedelta(seconds=20)

    assert rcpt + data < CLAIM


def test_a_claim_dates_the_mail_as_long_as_no_earlier_one_may_have_arrived() -> None:
    put_back = held(NOW).put_back(ME, "smtp_451", NOW + MINUTE, counted=True)
    gone = held(NOW).lapse(LAPSED)

    assert put_back.claim("other", NOW + 2 * DAY).dated_at == NOW + 2 * DAY
    assert gone.claim("other", NOW + 2 * DAY).dated_at == NOW + 2 * DAY


def test_a_repeat_of_what_may_have_arrived_keeps_the_date() -> None:
    first = unknown(NOW)

    repeated = first.claim("other", NOW + MINUTE)

    assert first.dated_at == NOW
    assert repeated.dated_at == NOW


def test_a_claim_ends_the_wait_for_a_retry() -> None:
    waiting = planned().postpone("paddle_failed", NOW + MINUTE, counted=True)

    assert waiting.claim(ME, NOW + MINUTE).retry_at is None


def test_what_is_held_cannot_be_claimed() -> None:
    with pytest.raises(ValueError, match="cannot claim"):
        held().claim("other", NOW + SECOND)


@pytest.mark.parametrize(
    "delivery", [*ENDED, pytest.param(closed(), id="closed"), pytest.param(sending(), id="sending")]
)
def test_what_has_ended_or_is_being_sent_cannot_be_claimed(delivery: Delivery) -> None:
    with pytest.raises(ValueError, match="cannot claim"):
        delivery.claim("other", LAPSED)


def test_an_unknown_that_is_not_closed_can_be_claimed_for_a_repeat() -> None:
    repeat = unknown().claim("other", NOW + MINUTE)

    assert (repeat.state, repeat.owner) == (DeliveryState.UNKNOWN, "other")


@pytest.mark.parametrize("delivery", [planned(), unknown(), held(), sending(), *ENDED])
def test_only_its_owner_moves_it_on(delivery: Delivery) -> None:
    with pytest.raises(ValueError, match="not held by other"):
        delivery.begin_data("other")
    with pytest.raises(ValueError, match="not held by other"):
        delivery.settle("other", DeliveryState.SENT, "smtp_250")
    with pytest.raises(ValueError, match="not held by other"):
        delivery.put_back("other", "smtp_451", NOW, counted=True)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_even_its_owner_moves_nothing_that_has_ended(state: DeliveryState) -> None:
    delivery = Delivery(state=state, owner=ME)

    with pytest.raises(ValueError, match="not held by"):
        delivery.begin_data(ME)


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.UNKNOWN])
def test_a_send_ends_sent_refused_or_unknown_and_lets_go(state: DeliveryState) -> None:
    ended = sending().settle(ME, state, "code")

    assert (ended.state, ended.reason, ended.owner, ended.held_until) == (state, "code", None, None)


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - {"sent", "refused", "unknown"}))
def test_a_send_ends_in_no_other_way(state: DeliveryState) -> None:
    with pytest.raises(ValueError, match="does not end"):
        sending().settle(ME, state, "code")


def test_a_silence_is_counted_and_an_answer_is_not() -> None:
    assert unknown().unknowns == 1
    assert sent().unknowns == 0


def test_a_repeat_that_is_sent_still_tells_that_the_first_may_have_arrived() -> None:
    repeated = unknown().claim(ME, NOW).begin_data(ME).settle(ME, DeliveryState.SENT, "smtp_250")

    assert (repeated.state, repeated.unknowns) == (DeliveryState.SENT, 1)


def test_a_certain_failure_puts_it_back_to_be_tried_again() -> None:
    back = sending().put_back(ME, "smtp_451", NOW + MINUTE, counted=True)

    assert (back.state, back.reason, back.tries) == (DeliveryState.PLANNED, "smtp_451", 1)
    assert (back.retry_at, back.owner, back.held_until) == (NOW + MINUTE, None, None)


def test_a_certain_failure_of_a_repeat_keeps_it_unknown() -> None:
    repeat = unknown().claim(ME, NOW).begin_data(ME)

    back = repeat.put_back(ME, "smtp_451", NOW + MINUTE, counted=True)

    assert (back.state, back.unknowns) == (DeliveryState.UNKNOWN, 1)


def test_what_was_not_the_mails_fault_counts_no_try() -> None:
    assert held().put_back(ME, "no_grant", NOW, counted=False).tries == 0
    assert planned().postpone("no_grant", NOW, counted=False).tries == 0


@pytest.mark.parametrize("delivery", [planned(), unknown()])
def test_postponing_leaves_the_state_and_sets_a_time(delivery: Delivery) -> None:
    postponed = delivery.postpone("paddle_failed", NOW + MINUTE, counted=True)

    assert postponed.state is delivery.state
    assert (postponed.reason, postponed.retry_at, postponed.tries) == ("paddle_failed", NOW + MINUTE, 1)


def test_how_often_it_was_put_off_for_one_reason_is_counted_and_begins_anew_with_another() -> None:
    once = planned().postpone("not_in_answer", NOW, counted=True)
    twice = once.postpone("not_in_answer", NOW, counted=True)
    looked_at_early = twice.postpone("not_in_answer", NOW, counted=False)
    another = twice.postpone("paddle_failed", NOW, counted=True)

    assert [delivery.streak for delivery in (once, twice, looked_at_early, another)] == [1, 2, 2, 1]


def test_how_often_it_was_put_back_for_one_reason_is_counted_and_begins_anew_with_another() -> None:
    once = held().put_back(ME, "smtp_451", NOW, counted=True)
    twice = once.claim(ME, NOW).put_back(ME, "smtp_451", NOW, counted=True)
    another = twice.claim(ME, NOW).put_back(ME, "smtp_421", NOW, counted=True)

    assert [delivery.streak for delivery in (once, twice, another)] == [1, 2, 1]


@pytest.mark.parametrize("delivery", [*ENDED, pytest.param(sending(), id="sending")])
def test_what_has_ended_or_is_being_sent_cannot_be_postponed(delivery: Delivery) -> None:
    with pytest.raises(ValueError, match="cannot postpone"):
        delivery.postpone("paddle_failed", NOW + MINUTE, counted=True)


def test_what_was_being_sent_by_one_who_is_gone_is_unknown() -> None:
    lapsed = sending(NOW).lapse(LAPSED)

    assert (lapsed.state, lapsed.reason, lapsed.unknowns) == (DeliveryState.UNKNOWN, "holder_gone", 1)
    assert (lapsed.owner, lapsed.held_until) == (None, None)


@pytest.mark.parametrize("delivery", [held(NOW), unknown(NOW).claim("other", NOW)])
def test_a_claim_whose_holder_is_gone_before_sending_is_free_again(delivery: Delivery) -> None:
    lapsed = delivery.lapse(LAPSED)

    assert (lapsed.state, lapsed.unknowns) == (delivery.state, delivery.unknowns)
    assert (lapsed.reason, lapsed.owner, lapsed.held_until) == ("holder_gone", None, None)


@pytest.mark.parametrize("delivery", [held(NOW), sending(NOW), planned(), unknown(NOW), sent()])
def test_nothing_lapses_while_it_is_held_or_if_nobody_held_it(delivery: Delivery) -> None:
    assert delivery.lapse(LAPSED - SECOND) is delivery


def test_a_holder_that_comes_back_too_late_finds_it_is_not_theirs() -> None:
    lapsed = held(NOW).lapse(LAPSED)

    with pytest.raises(ValueError, match="not held by"):
        lapsed.begin_data(ME)


def test_skipping_and_dying_end_what_was_planned() -> None:
    assert (skipped().state, skipped().reason) == (DeliveryState.SKIPPED, "overtaken")
    assert (dead().state, dead().reason) == (DeliveryState.DEAD, "debt_lapsed")


@pytest.mark.parametrize("give_up", [Delivery.skip, Delivery.die])
def test_what_may_have_arrived_is_never_called_skipped_or_dead(give_up: Callable[[Delivery, str], Delivery]) -> None:
    ended = give_up(unknown(), "debt_lapsed")

    assert (ended.state, ended.closed, ended.reason) == (DeliveryState.UNKNOWN, True, "debt_lapsed")


@pytest.mark.parametrize("delivery", [*ENDED, pytest.param(sending(), id="sending")])
def test_what_has_ended_or_is_being_sent_cannot_be_given_up(delivery: Delivery) -> None:
    with pytest.raises(ValueError, match="cannot become skipped"):
        delivery.skip("overtaken")
    with pytest.raises(ValueError, match="cannot become dead"):
        delivery.die("debt_lapsed")


@pytest.mark.parametrize(
    ("delivery", "repeats", "settled"),
    [
        (planned(), 1, False),
        (held(), 1, False),
        (sending(), 1, False),
        (sent(), 1, True),
        (refused(), 1, True),
        (skipped(), 1, True),
        (dead(), 1, True),
        (unknown(), 0, True),
        (unknown(), 1, False),
        (unknown().claim(ME, NOW).begin_data(ME).lapse(NOW + DAY), 1, True),
        (unknown().claim(ME, NOW).begin_data(ME).lapse(NOW + DAY), 10, False),
        (closed(), 10, True),
    ],
)
def test_it_is_settled_once_it_ended_or_its_repeats_are_used_up(
    delivery: Delivery, repeats: int, *, settled: bool
) -> None:
    assert delivery.is_settled(repeats) is settled


def test_at_rest_it_is_a_few_letters_and_nothing_that_says_the_ordinary() -> None:
    assert planned().model_dump_json(by_alias=True, exclude_defaults=True) == "{}"
    assert sent().model_dump_json(by_alias=True, exclude_defaults=True) == (
        f'{{"s":"sent","r":"smtp_250","d":{_milliseconds(FAILED_AT)}}}'
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def test_a_delivery_that_is_sent_anew_begins_again_as_another_mail() -> None:
    sent = Delivery().claim("me", NOW).begin_data("me").settle("me", DeliveryState.SENT, "smtp_250")

    again = sent.send_anew(NOW + timedelta(days=1))

    assert again == Delivery(dated_at=NOW + timedelta(days=1), resends=1)
    assert (
        again.claim("me", NOW + timedelta(days=1))
        .begin_data("me")
        .settle("me", DeliveryState.SENT, "smtp_250")
        .send_anew(NOW)
        .resends
        == 2
    )


@pytest.mark.parametrize("state", ["planned", "held"])
def test_a_delivery_that_is_on_its_way_is_not_sent_anew(state: str) -> None:
    delivery = Delivery() if state == "planned" else Delivery().claim("me", NOW)

    with pytest.raises(ValueError, match="cannot send a delivery anew"):
        delivery.send_anew(NOW)
