"""What is no id is refused before anything is looked for, and no setting or store is needed to be told so."""

import pytest
from click.testing import CliRunner

from cli.commands.paddle_id import ABOUT
from cli.main import main

A_CASE = "It is no case's id, which is txn_ and 26 lower-case letters and digits, as of its transaction"
A_CUSTOMER = "It is no customer's id, which is ctm_ and 26 lower-case letters and digits."
A_SUBSCRIPTION = "It is no subscription's id, which is sub_ and 26 lower-case letters and digits."
RIGHT = "ctm_" + "0" * 26


@pytest.mark.parametrize(
    ("words", "told"),
    [
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


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "txn_1",
        "txn_" + "A" * 26,
        "evt_" + "0" * 26,
        "ada@customer",
        "ada@customer.example,eve@customer.example",
        "https://billing.example.com/pay/",
        "https://billing.example.com/pay/txn_1.1.x",
        "nxt_txn_" + "0" * 26 + ".1.x",
    ],
)
def test_what_no_question_can_be_about_is_refused(malformed: str) -> None:
    result = CliRunner().invoke(main, ["cases", "show", "--", malformed], env={"DUNNING_REDIS_URL": ""})

    assert (result.exit_code, result.stdout) == (2, "")
    assert "It should be the id of a transaction (txn_), a subscription (sub_) or a customer (ctm_)" in result.stderr
    assert "or a payment link, or an email address." in result.stderr


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ("txn_" + "0" * 26, "txn_" + "0" * 26),
        (" ctm_" + "0" * 26, "ctm_" + "0" * 26),
        ("https://billing.example.com/pay/txn_" + "0" * 26 + ".1777896000." + "x" * 43, "txn_" + "0" * 26),
        ("<https://b.example/pay/stop/txn_" + "0" * 26 + ".1777896000." + "x" * 43 + ">", "txn_" + "0" * 26),
        ("txn_" + "0" * 26 + ".1777896000." + "x" * 43, "txn_" + "0" * 26),
        ("https://billing.example.com/pay/TXN_01H" + "0" * 23 + ".1777896000." + "X" * 52, "txn_01h" + "0" * 23),
        ("Ada.L+x@customer.example", "Ada.L+x@customer.example"),
    ],
)
def test_an_id_a_link_or_an_address_says_what_a_question_is_about(given: str, about: str) -> None:
    assert ABOUT.convert(given, None, None) == about


def test_space_around_an_id_is_no_part_of_it() -> None:
    result = CliRunner().invoke(main, ["cases", "show", " txn_" + "0" * 26 + "\n"], env={"DUNNING_REDIS_URL": "x"})

    assert "DUNNING_REDIS_URL: " in result.stderr
