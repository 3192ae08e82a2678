from tests.unit.case_builders import FAILED_AT, SECOND, a_case, sent


def test_a_value_that_is_changed_is_what_pydantic_would_copy_it_to() -> None:
    case = a_case(not_before=FAILED_AT)

    for changes in ({"deliveries": {"first": sent()}, "held_out": True}, {"not_before": FAILED_AT + SECOND}, {}):
        assert case.but(**changes).__getstate__() == case.model_copy(update=changes).__getstate__()
