from bench.million import _play_chunk

CASES = 150


def test_no_mail_of_some_hundred_cases_is_wrong_and_all_of_them_end() -> None:
    counts = _play_chunk(1, CASES)

    assert counts["mails"] > CASES
    assert [counts[what] for what in ("wrong", "unflagged", "untold", "open")] == [0, 0, 0, 0]


def test_the_same_seed_plays_the_same() -> None:
    assert _play_chunk(7, CASES) == _play_chunk(7, CASES)
