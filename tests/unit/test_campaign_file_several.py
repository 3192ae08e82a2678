"""Several campaigns in one file: which debts each is for, and at which hours it mails."""

from datetime import time

import pytest

from dunning.campaign_file.reader import parse_campaigns
from dunning.errors import ConfigurationError
from dunning.rules.campaign import Campaign, SendBetween, When, choose
from dunning.rules.sending_hours import END_OF_DAY
from dunning.rules.triggers import Trigger

PRODUCT, OTHER_PRODUCT = "pro_" + "a" * 26, "pro_" + "b" * 26
PRICE, OTHER_PRICE = "pri_01hv8x5b1s2a3b4c5d6e7f8g9h", "pri_" + "b" * 26

A_PRODUCT = "should be pro_ and 26 of a-z and 0-9, or a list of such ids"
A_PRICE = "should be pri_ and 26 of a-z and 0-9, or a list of such ids"
A_CURRENCY = "should be three capitals such as EUR, or a list of such codes"
A_WHEN = "when should have product, price or currency, or be left out"
A_TIME = "should be HH:MM in quotes, from 00:00 to 24:00"
HOURS = 'send_between should be two times of day, such as ["08:00", "18:00"]'
FIRST = "should stand first, or ask for something else in when"


def campaign(name: str, *lines: str) -> str:
    """Write a campaign, in seven lines and those that are given, which come third."""
    step = f'[[campaign.{name}.step]]\nname = "only"\nafter = "1d"\ntemplate = "reminder"\n'
    return "\n".join([f"[campaign.{name}]", 'on = "renewal_failed"', *lines, step, ""])


def parse(text: str) -> tuple[Campaign, ...]:
    return parse_campaigns(text, "mine.toml")


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        parse(text)
    return refusal.value.problems


def test_campaigns_come_in_the_order_of_the_file_whatever_their_names() -> None:
    text = (
        campaign("z", 'when = { currency = "EUR" }') + campaign("b", f'when = {{ price = "{PRICE}" }}') + campaign("a")
    )

    assert [campaign.name for campaign in parse(text)] == ["z", "b", "a"]


def test_a_campaign_that_asks_for_nothing_is_for_everything_at_any_hour() -> None:
    (only,) = parse(campaign("all"))

    assert only.when == When()
    assert only.send_between is None


def test_each_thing_asked_for_is_a_text_or_a_list_of_them() -> None:
    when = f'when = {{ product = ["{PRODUCT}", "{OTHER_PRODUCT}"], price = "{PRICE}", currency = ["EUR"] }}'

    (only,) = parse(campaign("some", when))

    assert only.when == When(
        products=frozenset({PRODUCT, OTHER_PRODUCT}), prices=frozenset({PRICE}), currencies=frozenset({"EUR"})
    )


def test_when_may_be_a_table_of_its_own() -> None:
    text = campaign("some").replace("[[", f'[campaign.some.when]\nproduct = "{PRODUCT}"\n\n[[')

    assert parse(text)[0].when == When(products=frozenset({PRODUCT}))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{}", f"nothing is asked for here; {A_WHEN}"),
        ('"EUR"', f"'EUR' is no table; {A_WHEN}"),
        (f'{{ produt = "{PRODUCT}" }}', f"'produt' is not known here; {A_WHEN} (did you mean 'product'?)"),
        ('{ product = "pro_1" }', f"'pro_1' is no product's id; {A_PRODUCT}"),
        (f'{{ product = "{PRICE}" }}', f"'{PRICE}' is no product's id; {A_PRODUCT}"),
        (
            f'{{ product = "{PRODUCT.upper()}" }}',
            f"'{PRODUCT.upper()}' is no product's id; {A_PRODUCT} (did you mean '{PRODUCT}'?)",
        ),
        (f'{{ price = ["{PRICE}", 3] }}', f"3 is no price's id; {A_PRICE}"),
        ('{ price = { id = "x" } }', f"{{'id': 'x'}} is no price's id; {A_PRICE}"),
        ("{ price = [] }", f"an empty list, which nothing would match; {A_PRICE}"),
        ('{ currency = ["EUR", "usd"] }', f"'usd' is no currency; {A_CURRENCY} (did you mean 'USD'?)"),
        ('{ currency = "Euro" }', f"'Euro' is no currency; {A_CURRENCY}"),
    ],
)
def test_what_is_asked_for_wrongly_is_told_once_with_what_it_should_be(when: str, expected: str) -> None:
    text = campaign("some", f"when = {when}") + campaign("others")

    assert problems(text) == [f"mine.toml:3: {expected}"]


def test_each_wrong_item_of_a_list_is_told_on_its_own_line_as_far_as_it_has_one() -> None:
    text = campaign("some").replace("[[", '[campaign.some.when]\nproduct = "x"\ncurrency = "y"\n\n[[')

    assert [problem.partition(";")[0] for problem in problems(text)] == [
        "mine.toml:4: 'x' is no product's id",
        "mine.toml:5: 'y' is no currency",
    ]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ([], []),
        ([], ['when = { currency = "EUR" }']),
        (['when = { currency = ["EUR", "USD"] }'], ['when = { currency = "EUR" }']),
        ([f'when = {{ product = "{PRODUCT}" }}'], [f'when = {{ product = "{PRODUCT}", price = "{PRICE}" }}']),
        (['when = { currency = "EUR" }'], ['when = { currency = "EUR" }']),
    ],
)
def test_a_campaign_that_leaves_nothing_to_a_later_one_is_told(earlier: list[str], later: list[str]) -> None:
    (problem,) = problems(campaign("all", *earlier) + campaign("late", *later))

    line = len(campaign("all", *earlier).splitlines()) + (3 if later else 1)
    assert problem == f"mine.toml:{line}: 'late' is never chosen: every debt it fits goes to 'all' before it; {FIRST}"


def test_campaigns_that_leave_nothing_to_a_later_one_between_them_are_named() -> None:
    text = (
        campaign("euro", 'when = { currency = "EUR" }')
        + campaign("dollar", 'when = { currency = "USD" }')
        + campaign("both", f'when = {{ product = "{PRODUCT}", currency = ["USD", "EUR"] }}')
    )

    (problem,) = problems(text)

    assert "'both' is never chosen: every debt it fits goes to 'dollar' and 'euro' before it" in problem


def test_a_campaign_without_a_name_to_call_it_by_is_not_said_to_be_never_chosen() -> None:
    assert [problem.partition(";")[0] for problem in problems(campaign("all") + campaign("Late"))] == [
        "mine.toml:8: 'Late' is no name"
    ]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ('when = { currency = "EUR" }', ""),
        ('when = { currency = "EUR" }', 'when = { currency = ["EUR", "USD"] }'),
        (f'when = {{ product = "{PRODUCT}", currency = "EUR" }}', f'when = {{ product = "{PRODUCT}" }}'),
        (f'when = {{ product = "{PRODUCT}" }}', f'when = {{ price = "{PRICE}" }}'),
        ('when = { currency = "eur" }', 'when = { currency = "eur" }'),
    ],
)
def test_a_campaign_that_has_something_left_is_not_said_to_be_never_chosen(earlier: str, later: str) -> None:
    text = campaign("first", earlier) + campaign("second", later)

    told = [] if '"eur"' not in text else problems(text)

    assert not [problem for problem in told if "never chosen" in problem]
    assert told or len(parse(text)) == 2


def test_a_renewal_that_no_campaign_is_for_may_be_left_without_one() -> None:
    campaigns = parse(campaign("euro", 'when = { currency = "EUR" }'))

    assert (
        choose(campaigns, Trigger.RENEWAL_FAILED, product_ids=[PRODUCT], price_ids=[PRICE], currency_code="USD") is None
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('["08:00", "18:00"]', SendBetween(opens=time(8), closes=time(18))),
        ('["00:00", "24:00"]', SendBetween(opens=time(0), closes=END_OF_DAY)),
        ('["08:59", "09:00"]', SendBetween(opens=time(8, 59), closes=time(9))),
    ],
)
def test_hours_are_read(written: str, read: SendBetween) -> None:
    (only,) = parse(campaign("some", f"send_between = {written}"))

    assert only.send_between == read


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"08:00-18:00"', f"'08:00-18:00' is no pair of times; {HOURS}"),
        ('["08:00"]', f"['08:00'] is no pair of times; {HOURS}"),
        ('["08:00", "12:00", "18:00"]', f"['08:00', '12:00', '18:00'] is no pair of times; {HOURS}"),
        ('["8:00", "18:00"]', f"'8:00' is no time of day; {A_TIME}"),
        ('["08:00", "18:60"]', f"'18:60' is no time of day; {A_TIME}"),
        ('["08:00", 18]', f"18 is no time of day; {A_TIME}"),
        ('["08:00", 18:00:00]', f"datetime.time(18, 0) is no time of day; {A_TIME}"),
        (
            '["18:00", "08:00"]',
            "18:00 is not before 08:00; should open and close on one day, at 24:00 at the latest",
        ),
        (
            '["24:00", "24:00"]',
            "24:00 is not before 24:00; should open and close on one day, at 24:00 at the latest",
        ),
    ],
)
def test_hours_that_are_none_are_told(written: str, expected: str) -> None:
    told = problems(campaign("some", f"send_between = {written}"))

    assert told[0] == f"mine.toml:3: {expected}"


def test_both_times_of_day_are_told() -> None:
    told = problems(campaign("some", 'send_between = ["8", "6 pm"]'))

    assert [problem.partition(";")[0] for problem in told] == [
        "mine.toml:3: '6 pm' is no time of day",
        "mine.toml:3: '8' is no time of day",
    ]


def test_a_hold_out_is_so_many_percent_and_none_unless_it_is_asked_for() -> None:
    tenth, none = parse(campaign("a", 'hold_out = "10%"', 'when = { currency = "EUR" }') + campaign("b"))

    assert (tenth.hold_out, none.hold_out) == (10, 0)


@pytest.mark.parametrize(
    ("value", "shown"), [('"60%"', "'60%'"), ("0.1", "0.1"), ("10", "10"), ('"ten"', "'ten'"), ("true", "True")]
)
def test_a_hold_out_that_is_no_share_is_refused_with_its_line(value: str, shown: str) -> None:
    assert problems(campaign("a", f"hold_out = {value}")) == [
        f"mine.toml:3: {shown} is no share; should be a whole number of percent in quotes, from 0% to 50%"
    ]
