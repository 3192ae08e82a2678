from collections import Counter
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

import pytest
from paddle_billing.Entities.Shared import CountryCode

from dunning.rules.time_zones import _MOST_POPULOUS, zone_of

ZONES = [
    (country_code, zone)
    for line in resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for country_code, _, zone in [line.split("\t")[:3]]
]
COUNTRIES = Counter(country_code for country_code, _ in ZONES)


@pytest.mark.parametrize(
    ("country_code", "zone"),
    [
        ("JP", "Asia/Tokyo"),
        ("FR", "Europe/Paris"),
        ("US", "America/New_York"),
        ("BR", "America/Sao_Paulo"),
        ("AU", "Australia/Sydney"),
        ("RU", "Europe/Moscow"),
        ("CD", "Africa/Kinshasa"),
        ("XK", "Europe/Belgrade"),
    ],
)
def test_a_country_has_the_zone_in_which_most_of_its_people_live(country_code: str, zone: str) -> None:
    assert zone_of(country_code) == ZoneInfo(zone)


@pytest.mark.parametrize("country_code", [None, "", "ZZ", "us", "country"])
def test_a_country_that_is_missing_or_unknown_is_on_universal_time(country_code: str | None) -> None:
    assert zone_of(country_code) == ZoneInfo("UTC")


def test_whichever_country_has_several_zones_is_given_one_of_them() -> None:
    several = {country_code for country_code, zones in COUNTRIES.items() if zones > 1}

    assert several == {country_code for country_code in _MOST_POPULOUS if country_code in COUNTRIES}
    assert {(code, zone) for code, zone in _MOST_POPULOUS.items() if code in COUNTRIES} <= set(ZONES)


def test_every_zone_is_one_that_python_knows() -> None:
    assert {zone_of(country_code).key for country_code in [*COUNTRIES, *_MOST_POPULOUS]} <= available_timezones()


def test_every_country_that_paddle_sells_in_and_people_live_in_has_a_zone() -> None:
    sold_in = {str(value) for name, value in vars(CountryCode).items() if name[0].isupper()}

    assert len(sold_in) > 200
    assert {code for code in sold_in if zone_of(code).key == "UTC"} == {"BV", "HM"}  # Bouvet, Heard: penguins
