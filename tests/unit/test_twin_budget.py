from paddle_twin.budget import Budget


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_calls_older_than_a_minute_make_room_for_new_ones() -> None:
    clock = Clock()
    budget = Budget(2, clock)

    answers = []
    for at_seconds in (0, 30, 60, 90, 120):
        clock.seconds = 1000.0 + at_seconds
        answers.append(budget.spend("192.0.2.1"))

    assert answers == [None] * 5


def test_one_call_too_many_shuts_the_address_out_for_a_whole_minute() -> None:
    clock = Clock()
    budget = Budget(1, clock)

    answers = []
    for at_seconds in (0, 1, 59.5, 60.9, 61):
        clock.seconds = 1000.0 + at_seconds
        answers.append(budget.spend("192.0.2.1"))

    assert answers == [None, 60, 2, 1, None]


def test_each_address_has_its_own_budget() -> None:
    budget = Budget(1, Clock())

    assert [budget.spend("192.0.2.1"), budget.spend("192.0.2.2"), budget.spend("192.0.2.1")] == [None, None, 60]
