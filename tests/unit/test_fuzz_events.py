"""Whatever comes in with a good signature is an event, no event or a malformed one, and no person is kept."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning.errors import MalformedEventError, NotAnEventError, PermanentError
from dunning.paddle.events import USED, Envelope, Event, burial_id, is_simulated, parse_envelope, read_json
from dunning.paddle.projection import project, project_at_once
from dunning.rules.case import Case
from dunning.rules.due_steps import next_due_at, pick_step
from tests.unit.case_builders import CAMPAIGN, FAILED_AT, a_case, apply
from tests.unit.mutated_json import mutated
from tests.unit.notifications import adjustment, paddle_id, subscription, transaction

# What notifications.py says of a person, a card and an amount.
PRIVATE = re.compile("Ada|Example|4242|4200|cardholder|grand_total")


DATA = {"transaction": transaction, "subscription": subscription, "adjustment": adjustment}


def document(event_type: str) -> dict[str, object]:
    return {
        "data": DATA[event_type.partition(".")[0]](),
        "event_id": paddle_id("evt"),
        "event_type": event_type,
        "occurred_at": "2026-11-22T10:00:03.000000Z",
        "notification_id": paddle_id("ntf"),
    }


notifications = st.sampled_from(sorted(USED)).flatmap(lambda event_type: mutated(document(event_type)))


def envelope_of(body: bytes) -> Envelope | NotAnEventError:
    try:
        return parse_envelope(read_json(body))
    except NotAnEventError as error:
        return error


def event_of(body: bytes) -> Event | NotAnEventError | MalformedEventError | None:
    """Read an event as the receiver does; None is one of a type that isn't used."""
    envelope = envelope_of(body)
    if isinstance(envelope, NotAnEventError):
        return envelope
    try:
        return project(read_json(body), envelope) if envelope.event_type in USED else None
    except MalformedEventError as error:
        return error


@given(notifications)
@example(b'{"data":' + b'{"items":[' * 20_000)
def test_a_notification_is_read_or_refused_in_a_sentence_without_its_values(body: bytes) -> None:
    event = event_of(body)

    if isinstance(event, NotAnEventError | MalformedEventError):
        assert str(event).isprintable()
        assert len(str(event)) < 2000
        assert not PRIVATE.search(str(event))


@given(notifications)
def test_an_event_is_kept_as_it_was_read_without_person_or_card(body: bytes) -> None:
    event = event_of(body)

    if isinstance(event, Event):
        kept = event.model_dump_json()
        assert Event.model_validate_json(kept) == event
        assert not PRIVATE.search(event.without_total().model_dump_json())


@given(notifications)
def test_an_event_that_was_read_at_once_is_as_if_it_was_read_step_by_step(body: bytes) -> None:
    at_once = project_at_once(body)

    if at_once is not None:
        envelope, event = at_once
        assert repr(event) == repr(event_of(body))
        assert envelope.model_dump(exclude={"data"}) == parse_envelope(read_json(body)).model_dump()


@pytest.mark.parametrize("event_type", sorted(USED))
def test_an_event_with_all_that_is_kept_is_read_at_once(event_type: str) -> None:
    assert project_at_once(json.dumps(document(event_type)).encode()) is not None


@given(notifications)
def test_every_envelope_has_an_id_to_be_buried_under(body: bytes) -> None:
    envelope = envelope_of(body)

    if isinstance(envelope, Envelope):
        assert re.fullmatch(r"[a-z]+_[A-Za-z0-9]{1,64}", burial_id(envelope))
        assert is_simulated(envelope) in {True, False}


@given(notifications, st.none() | st.just(a_case()))
def test_the_rules_can_apply_every_event_that_was_read(body: bytes, case: Case | None) -> None:
    event = event_of(body)

    after = applied(event, case) if isinstance(event, Event) else None

    if after is not None:
        assert Case.from_rest(after.id, after.at_rest()).state is after.state
        assert pick_step(after, CAMPAIGN, 1, FAILED_AT)
        assert not after.is_open or next_due_at(after, CAMPAIGN, 1)


def applied(event: Event, case: Case | None) -> Case | None:
    try:
        return apply(event, case, FAILED_AT)
    except PermanentError:  # it has no time at all: dead, with its reason
        return None
