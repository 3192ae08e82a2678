"""How a value that is wrong is repeated in the problem that tells of it."""

from dunning.campaign_file.toml_values import shown


def test_a_value_of_forty_letters_with_its_quotes_is_repeated_whole() -> None:
    assert shown("x" * 38) == f"'{'x' * 38}'"


def test_a_longer_one_keeps_both_its_ends() -> None:
    told = shown("a" * 38 + "z")

    assert len(told) == 40
    assert told.startswith("'aaaa")
    assert "..." in told
    assert told.endswith("z'")
