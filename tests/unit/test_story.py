"""A story's entries, and the texts that Redis holds of them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.rules.case import CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import DeliveryState
from dunning.rules.story import Entry, Kind, Moved, decode, encode, fields_of

TEXT = st.text(min_size=1)
MAYBE = st.none() | TEXT
SECONDS = st.integers(0, 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CLASSES = st.sampled_from(DeclineClass)

OF_A_KIND = {
    Kind.OPENED: {"decline_class": CLASSES, "event_type": MAYBE, "event_id": MAYBE},
    Kind.FAILED_AGAIN: {"decline_class": CLASSES, "event_type": MAYBE, "event_id": MAYBE},
    Kind.CHANGED_NOTHING: {"reason": TEXT, "event_type": TEXT, "event_id": TEXT},
    Kind.STEP: {
        "step": TEXT,
        "moved": st.sampled_from(Moved),
        "reason": MAYBE,
        "again_at": st.none() | SECONDS,
        "repeated": st.booleans(),
    },
    Kind.COVERED: {"step": TEXT, "by": TEXT},
    Kind.MADE_DUE: {"step": TEXT, "operator": MAYBE},
    Kind.RESENT: {"step": TEXT, "operator": MAYBE},
    Kind.ENDED: {
        "state": st.sampled_from(CaseState),
        "reason": MAYBE,
        "event_type": MAYBE,
        "event_id": MAYBE,
        "operator": MAYBE,
    },
    Kind.CLICKED: {},
    Kind.CLICK_FOUND: {"reason": TEXT},
    Kind.CLICK_FELL_BACK: {"reason": TEXT},
    Kind.CLICK_REFUSED: {"reason": TEXT},
    Kind.EVENT_DROPPED: {"event_type": TEXT, "event_id": TEXT, "operator": MAYBE},
    Kind.EXCLUDED: {"who": TEXT, "operator": MAYBE},
    Kind.INCLUDED: {"who": TEXT, "operator": MAYBE},
    Kind.HELD_OUT: {},
    Kind.PROSE: {"text": TEXT},
}


def entries(kind: Kind) -> st.SearchStrategy[Entry]:
    return st.builds(Entry, kind=st.just(kind), **OF_A_KIND[kind])


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
def test_an_entry_of_every_kind_is_read_as_it_was_written_in_one_line(kind: Kind, data: st.DataObject) -> None:
    entry = data.draw(entries(kind))

    text = encode(entry)

    assert decode(text) == entry
    assert "\n" not in text
    assert text


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
def test_the_fields_of_an_entry_say_all_of_it(kind: Kind, data: st.DataObject) -> None:
    entry = data.draw(entries(kind))

    assert Entry(kind=kind, **fields_of(entry)) == entry


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("D|first", Entry(kind=Kind.MADE_DUE, step="first")),
        ("X|ctm_1", Entry(kind=Kind.EXCLUDED, who="ctm_1")),
        ("I|ctm_1", Entry(kind=Kind.INCLUDED, who="ctm_1")),
        ("E|s|by_operator", Entry(kind=Kind.ENDED, state=CaseState.STOPPED, reason="by_operator")),
    ],
)
def test_what_was_written_before_operators_were_noted_is_read(text: str, entry: Entry) -> None:
    assert decode(text) == entry


OLD_LINES = [
    "opened: hard (transaction.past_due evt_01hv8wptq8987qeep44cyrewp9)",
    "failed_again: soft (transaction.payment_failed evt_1)",
    "older_than_the_failure (subscription.canceled evt_1)",
    "first claimed",
    "s sent: smtp_250, repeated",
    "reminder planned: mail_deferred, again at 2026-05-04T12:00:01Z",
    "first is covered by the mail of txn_01hv8wptq8987qeep44cyrewp9",
    "reminder made due: by_operator",
    "recovered (transaction.paid reconciled_01hv8wptq8987qeep44cyrewp920260504paid)",
    "stopped: charged_back",
    "exhausted",
    "clicked",
    "click_found: paid",
    "click_fell_back: paddle_unreachable",
    "excluded: ctm_1 by_operator",
    "included: sub_1 by_operator",
    "",
]


@pytest.mark.parametrize("line", OLD_LINES)
def test_a_line_of_the_version_before_is_prose(line: str) -> None:
    assert decode(line) == Entry(kind=Kind.PROSE, text=line)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Z|of|a|later|version", id="a kind that is not known"),
        pytest.param("S|first|z", id="a move that is not known"),
        pytest.param("S|first", id="too few fields"),
        pytest.param("S||s", id="an empty field"),
        pytest.param("S", id="no fields"),
        pytest.param("E|vanished", id="an end that is not known"),
        pytest.param("O|odd|transaction.past_due|evt_1", id="a decline that is not known"),
        pytest.param("S|first|p|mail_deferred|soon", id="a time that is none"),
        pytest.param("S|first|p|mail_deferred|99999999999999999999", id="a time beyond all clocks"),
        pytest.param("S|first|p|mail_deferred|" + "9" * 5000, id="a number beyond all numbers"),
    ],
)
def test_what_this_version_cant_read_is_prose(text: str) -> None:
    assert decode(text) == Entry.prose(text)


def test_a_field_that_a_later_version_added_is_left_out() -> None:
    assert decode("C|from the portal") == Entry(kind=Kind.CLICKED)


@given(st.text())
def test_reading_never_fails(text: str) -> None:
    assert isinstance(decode(text), Entry)


@given(st.sampled_from("OANSVDECFBXIP"), st.lists(st.sampled_from(["", "s", "p", "1", "%zz", "hard", "-1"])))
def test_reading_what_is_nearly_an_entry_never_fails(letter: str, fields: list[str]) -> None:
    assert isinstance(decode("|".join([letter, *fields])), Entry)


def test_every_kind_and_state_has_a_letter_of_its_own() -> None:
    ends = [encode(Entry(kind=Kind.ENDED, state=state)) for state in CaseState]
    moves = [encode(Entry(kind=Kind.STEP, step="first", moved=moved)) for moved in Moved]

    assert sorted(ends) == ["E|o", "E|r", "E|s", "E|x"]
    assert sorted(moves) == [f"S|first|{letter}" for letter in "cdgkprsu"]


def test_every_state_of_a_delivery_is_a_move() -> None:
    assert {state.value for state in DeliveryState} | {"claimed"} == {moved.value for moved in Moved}


def test_an_entry_is_no_bulkier_than_its_prose() -> None:
    evt = "evt_01hv8wptq8987qeep44cyrewp9"
    opened = Entry(
        kind=Kind.OPENED, decline_class=DeclineClass.HARD, event_type="transaction.payment_failed", event_id=evt
    )

    assert encode(opened) == f"O|hard|transaction.payment_failed|{evt}"
    assert encode(Entry(kind=Kind.STEP, step="first", moved=Moved.CLAIMED)) == "S|first|c"
    assert encode(Entry(kind=Kind.STEP, step="first", moved=Moved.SENT, reason="smtp_250", repeated=True)) == (
        "S|first|s|smtp_250||1"
    )
