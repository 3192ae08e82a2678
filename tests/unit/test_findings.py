import pytest

from dunning.findings import Finding, Level, fails


@pytest.mark.parametrize("level", Level)
def test_a_look_fails_where_any_of_it_does_not_work(level: Level) -> None:
    found = [Finding("redis", Level.OK, "It answers."), Finding("mail", level, "It is slow.")]

    assert fails(found) is (level is Level.FAILURE)


def test_a_look_at_nothing_does_not_fail() -> None:
    assert fails([]) is False
