import json

from arq.jobs import deserialize_job_raw
from hypothesis import given
from hypothesis import strategies as st

from dunning import queue
from dunning.store.driver.connection import Patience, connection_pool
from tests.integration.at_rest import NOW

NOW_MS = 1_777_896_000_000


def test_an_events_job_has_the_same_id_however_often_it_is_queued() -> None:
    assert queue.handle_event_job_id("evt_1") == queue.handle_event_job_id("evt_1") == "handle_event:evt_1"


def test_the_payload_is_json_and_holds_an_id_only() -> None:
    payload = queue.handle_event_payload("evt_1", NOW)

    assert json.loads(payload) == {"t": None, "f": "handle_event", "a": ["evt_1"], "k": {}, "et": NOW_MS}


def test_the_payload_of_events_that_came_together_holds_their_ids_only() -> None:
    payload = queue.handle_events_payload(["evt_1", "evt_2"], NOW)

    assert json.loads(payload) == {"t": None, "f": "handle_events", "a": [["evt_1", "evt_2"]], "k": {}, "et": NOW_MS}
    assert queue.handle_events_job_id("0a") == "handle_events:0a"


def test_arq_reads_the_payload() -> None:
    payload = queue.handle_event_payload("evt_1", NOW).encode()

    read = deserialize_job_raw(payload, deserializer=queue.deserialize)

    assert list(read) == ["handle_event", ["evt_1"], {}, None, NOW_MS]


def test_what_stands_for_the_id_stands_there_once() -> None:
    before, after = queue.handle_event_payload(queue.SLOT, NOW).split(r"\u0000")

    assert before + "evt_1" + after == queue.handle_event_payload("evt_1", NOW)


@given(value=st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_a_job_reads_as_it_was_written(value: dict[str, object]) -> None:
    assert queue.deserialize(queue.serialize(value)) == value


def test_an_error_is_written_as_the_name_of_its_class_and_its_text_stays_out() -> None:
    assert queue.serialize({"r": ValueError("ada@customer.example")}) == b'{"r":"ValueError"}'


def test_arqs_client_speaks_json_on_our_queue_and_connects_to_nothing_yet() -> None:
    redis = queue.arq_redis(connection_pool("redis://redis.invalid:6379/0", Patience.MUCH))

    assert redis.job_serializer is queue.serialize
    assert redis.job_deserializer is queue.deserialize
    assert redis.default_queue_name == "dunning:jobs"
    assert redis.expires_extra_ms == queue.KEEP_PAYLOAD.total_seconds() * 1000
