"""What is no id is refused before anything is looked for, and no setting or store is needed to be told so."""

import pytest
from click.testing import CliRunner

from cli.main import main

A_CASE = "It is no case's id, which is txn_ and 26 lower-case letters and digits, as of its transaction"
A_CUSTOMER = "It is no customer's id, which is ctm_ and 26 lower-case letters and digits."
A_SUBSCRIPTION = "It is no subscription's id, which is sub_ and 26 lower-case letters and digits."
RIGHT = "ctm_" + "0" * 26


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["cases", "show"], A_CASE),
        (["cases", "stop"], A_CASE),
        (["cases", "send-now"], A_CASE),
        (["cases", "list", "--customer"], A_CUSTOMER),
        (["cases", "list", "--all", "--customer"], A_CUSTOMER),
        (["cases", "list", "--subscription"], A_SUBSCRIPTION),
        (["link"], A_CUSTOMER),
        (["link", RIGHT, "--subscription"], A_SUBSCRIPTION),
    ],
)
@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "ada@customer.example",
        "{}",
        "{}_1",
        "{}_" + "0" * 25,
        "{}_" + "0" * 27,
        "{}_" + "A" * 26,
        "{}_" + "٣" * 26,
        "{}-" + "0" * 26,
        "evt_" + "0" * 26,
    ],
)
def test_a_malformed_id_is_refused_with_what_one_looks_like(words: list[str], told: str, malformed: str) -> None:
    prefix = told.partition("_")[0][-3:]

    result = CliRunner().invoke(main, [*words, malformed.format(prefix)], env={"DUNNING_REDIS_URL": ""})

    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_space_around_an_id_is_no_part_of_it() -> None:
    result = CliRunner().invoke(main, ["cases", "show", " txn_" + "0" * 26 + "\n"], env={"DUNNING_REDIS_URL": "x"})

    assert "DUNNING_REDIS_URL: " in result.stderr
