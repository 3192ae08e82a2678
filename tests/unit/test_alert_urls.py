from collections.abc import Sequence

import pytest

from dunning.settings.alert_urls import parse_alert_urls
from dunning.settings.load import load_settings
from tests.unit.good_settings import GOOD, SECRET, problems_of


def told(text: str) -> Sequence[str]:
    return [url.get_secret_value() for url in parse_alert_urls(text).tell]


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "mailtos://user:word@mail.example.com?to=ops@example.com",
        "workflows://prod-1.example.com:443/643a1/signature",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "pagerduty://0123456789abcdef0123456789abcdef@ABCDEFGHIJKLMNOPQRST",
        "json://127.0.0.1:8099/alerts",
    ],
)
def test_urls_of_apprise_are_taken(url: str) -> None:
    assert told(url) == [url]


def test_a_comma_parts_urls_and_may_stand_in_one() -> None:
    mail = "mailto://u:w@mail.example.com?to=a@example.com,b@example.com"

    assert told(f"{mail}, json://127.0.0.1:1/x,") == [mail, "json://127.0.0.1:1/x"]


def test_what_is_pinged_is_kept_apart() -> None:
    urls = parse_alert_urls("ping+https://ping.example.com/0c3f?x=1,json://127.0.0.1:1/x")

    assert [url.get_secret_value() for url in urls.ping] == ["https://ping.example.com/0c3f?x=1"]
    assert len(urls.tell) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"json://127.0.0.1:1/x,nonsense://{SECRET}", "its entry 2 is none that apprise knows"),
        (SECRET, "its entry 1 is none that apprise knows"),
        (f"ping+http://{SECRET}.example.com/", "its entry 1 can't be pinged: it is http"),
    ],
)
def test_what_can_not_be_told_stops_the_start(text: str, sentence: str) -> None:
    (problem,) = problems_of(GOOD | {"DUNNING_ALERT_URLS": text})

    assert problem.startswith(f"DUNNING_ALERT_URLS: {sentence}")
    assert SECRET not in problem


def test_without_any_nobody_is_told() -> None:
    alerts = load_settings(GOOD).alerts

    assert (alerts.tell, alerts.ping) == ((), ())
