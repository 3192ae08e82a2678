from dunning.audit import about


def test_one_thing_is_named_and_several_are_counted() -> None:
    assert about(["evt_1"], "events") == "evt_1"
    assert about(["evt_1", "evt_2"], "events") == "2 events"
    assert about([], "events") == "0 events"
