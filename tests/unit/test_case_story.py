import pytest

from dunning.casebook.words import in_a_line
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Entry, decode, encode
from dunning.rules.what_changed import caused_by, changed_nothing, counted, entries_of_change
from tests.unit.case_builders import FAILED_AT, ME, MINUTE, a_case, declined, held, planned, sending, sent, unknown

LATER = FAILED_AT + MINUTE
PUT_BACK = held().put_back(ME, "smtp_451", LATER, counted=True)
REPEATED = unknown().claim(ME, LATER).begin_data(ME).settle(ME, DeliveryState.SENT, "smtp_250")


def in_lines(entries: list[Entry]) -> list[str]:
    return [in_a_line(entry) for entry in entries]


def with_first(delivery: Delivery) -> Case:
    return a_case(deliveries={"first": delivery})


RECOVERED = a_case().end(CaseState.RECOVERED, None, LATER)
STOPPED = a_case().end(CaseState.STOPPED, "subscription_paused", LATER)
CHARGED_BACK = STOPPED.end(CaseState.STOPPED, "charged_back", LATER + MINUTE)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param(planned(), held(), ["first claimed"], id="claimed"),
        pytest.param(held(), sending(), ["first sending"], id="sending"),
        pytest.param(sending(), sent(), ["first sent: smtp_250"], id="sent"),
        pytest.param(unknown(), REPEATED, ["first sent: smtp_250, repeated"], id="sent again"),
        pytest.param(unknown(), unknown().claim(ME, LATER), ["first claimed"], id="claimed again"),
        pytest.param(sending(), unknown(), ["first unknown: eof_after_data"], id="silence"),
        pytest.param(planned(), planned().skip("overtaken"), ["first skipped: overtaken"], id="skipped"),
        pytest.param(planned(), planned().die("debt_lapsed"), ["first dead: debt_lapsed"], id="dead"),
        pytest.param(held(), PUT_BACK, ["first planned: smtp_451, again at 2026-05-04T12:01:00Z"], id="put back"),
        pytest.param(PUT_BACK, PUT_BACK.postpone("smtp_451", LATER + MINUTE, counted=True), [], id="the same again"),
        pytest.param(sent(), sent(), [], id="nothing"),
    ],
)
def test_a_delivery_that_moved_is_told_with_why(before: Delivery, after: Delivery, lines: list[str]) -> None:
    assert in_lines(entries_of_change(with_first(before), with_first(after))) == lines


def test_of_several_deliveries_those_that_moved_are_told() -> None:
    before = a_case(deliveries={"first": sent(), "reminder": planned(), "final": planned()})
    after = before.with_delivery("reminder", planned().skip("overtaken")).with_delivery("final", held())

    assert in_lines(entries_of_change(before, after)) == ["reminder skipped: overtaken", "final claimed"]


def test_an_ended_case_promises_no_retry() -> None:
    on_its_way = with_first(sending()).end(CaseState.RECOVERED, None, LATER)
    silence = unknown().postpone("eof_after_data", LATER, counted=False)

    assert in_lines(entries_of_change(on_its_way, on_its_way.with_delivery("first", silence))) == [
        "first unknown: eof_after_data"
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param(a_case(), RECOVERED, ["recovered"], id="recovered"),
        pytest.param(a_case(), STOPPED, ["stopped: subscription_paused"], id="stopped, and why"),
        pytest.param(STOPPED, RECOVERED, ["recovered"], id="paid after all"),
        pytest.param(RECOVERED, RECOVERED, [], id="ended before"),
        pytest.param(a_case(), a_case(), [], id="still open"),
        pytest.param(None, a_case(), [], id="opened"),
    ],
)
def test_an_end_is_told_once_with_why(before: Case | None, after: Case, lines: list[str]) -> None:
    assert in_lines(entries_of_change(before, after)) == lines


def test_an_end_tells_what_it_skipped() -> None:
    before = with_first(PUT_BACK)

    ended = before.end(CaseState.RECOVERED, None, LATER)

    assert in_lines(entries_of_change(before, ended)) == ["first skipped: recovered", "recovered"]


def test_what_an_event_did_is_told_with_the_event() -> None:
    by = declined(MINUTE, "expired_card")
    named = f"({by.type} {by.id})"

    lines = in_lines(
        [
            caused_by(by, None, a_case(decline_class=DeclineClass.SOFT)),
            caused_by(by, a_case(), a_case(decline_class=DeclineClass.HARD)),
            caused_by(by, a_case(), RECOVERED),
            caused_by(by, STOPPED, CHARGED_BACK),
            changed_nothing(by, "older_than_the_failure"),
        ]
    )

    assert lines == [
        f"opened: soft {named}",
        f"failed_again: hard {named}",
        f"recovered {named}",
        f"stopped: charged_back {named}",
        f"older_than_the_failure {named}",
    ]


def test_the_next_try_is_told_in_whole_seconds_as_it_is_kept() -> None:
    put_back = held().put_back(ME, "smtp_451", LATER.replace(microsecond=999_999), counted=True)

    (entry,) = entries_of_change(with_first(held()), with_first(put_back))

    assert entry.again_at == LATER
    assert decode(encode(entry)) == entry


@pytest.mark.parametrize(
    ("before", "after", "counters"),
    [
        pytest.param(planned(), held(), [], id="claimed"),
        pytest.param(held(), sending(), [], id="sending"),
        pytest.param(sending(), PUT_BACK, [], id="put back"),
        pytest.param(sending(), sent(), ["deliveries_sent"], id="sent"),
        pytest.param(unknown(), REPEATED, ["deliveries_sent", "deliveries_repeated"], id="sent again"),
        pytest.param(sending(), unknown(), ["deliveries_unknown"], id="silence"),
        pytest.param(unknown(), unknown().skip("overtaken"), [], id="silence, closed"),
        pytest.param(planned(), planned().skip("overtaken"), ["deliveries_skipped", "skipped_overtaken"], id="skipped"),
        pytest.param(planned(), planned().die("debt_lapsed"), ["deliveries_dead"], id="dead"),
        pytest.param(sent(), sent(), [], id="nothing"),
    ],
)
def test_an_outcome_is_counted_once(before: Delivery, after: Delivery, counters: list[str]) -> None:
    assert counted(with_first(before), with_first(after)) == counters


@pytest.mark.parametrize(
    ("before", "after", "counters"),
    [
        pytest.param(None, a_case(), ["cases_opened"], id="opened"),
        pytest.param(a_case(), RECOVERED, ["cases_recovered"], id="recovered"),
        pytest.param(a_case(), STOPPED, ["cases_stopped", "stopped_subscription_paused"], id="stopped, and why"),
        pytest.param(STOPPED, CHARGED_BACK, [], id="stopped for a better reason"),
        pytest.param(STOPPED, RECOVERED, ["cases_recovered"], id="paid after all"),
        pytest.param(RECOVERED, RECOVERED, [], id="ended before"),
        pytest.param(a_case(), a_case(), [], id="still open"),
    ],
)
def test_a_case_is_counted_when_it_opens_and_when_it_ends(
    before: Case | None, after: Case, counters: list[str]
) -> None:
    assert counted(before, after) == counters


def test_a_case_that_is_told_of_for_the_first_time_is_told_in_full() -> None:
    first_seen = with_first(sent()).end(CaseState.RECOVERED, None, LATER)

    assert in_lines(entries_of_change(None, first_seen)) == ["first sent: smtp_250", "recovered"]
    assert counted(None, first_seen) == ["deliveries_sent", "cases_opened", "cases_recovered"]
