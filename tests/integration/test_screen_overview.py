"""The overview: what is wrong, the money by week, and after which mails cases recover."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from console.keys import STORE
from console.screen.money import WEEKS, read_lately
from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.store import keys
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.edge import NOW, settings

TODAY = NOW.date()


@pytest.fixture
async def side(redis_url: str) -> AsyncIterator[ConsoleSide]:
    async with running_console(settings(redis_url)) as side:
        yield side


async def add(side: ConsoleSide, days_ago: int, what: str, cases: int, amount: int | None = None) -> None:
    """Sum something up as commits of cases do: `what` is the state, campaign, step, class, cause and currency."""
    key = keys.sums(f"{TODAY - timedelta(days=days_ago):%Y-%m-%d}")
    sums = {f"n|{what}": cases} | ({} if amount is None else {f"k|{what}": cases, f"a|{what}": amount})
    await side.app[STORE].sums._redis.hset(key, mapping=sums)


async def test_money_is_summed_up_by_currency_and_week(side: ConsoleSide) -> None:
    await add(side, 0, "recovered|renewal|first|hard|click|EUR", 2, 5_800)
    await add(side, 6, "recovered|renewal|reminder|soft|mail|EUR", 1, 2_900)
    await add(side, 7, "recovered|renewal|none|soft|paddle|JPY", 1, 4_200)
    await add(side, 8, "recovered|renewal|none|soft|paddle|", 3)
    await add(side, WEEKS * 7, "recovered|renewal|first|hard|click|EUR", 9, 99_999)
    await add(side, 1, "lost|renewal|first|hard|exhausted|", 1)
    await add(side, 1, "lost|renewal|first|hard|exhausted|EUR", 1, 3_900)
    await add(side, 9, "lost|renewal|none|soft|exhausted|EUR", 1, 1_000)

    lately = await read_lately(side.app[STORE].sums, TODAY)

    assert [(one.currency, one.money, one.cases) for one in lately.recovered] == [
        ("EUR", "€87.00", 3),
        ("JPY", "¥4,200", 1),
    ]
    assert [[week.height for week in one.weeks][-2:] for one in lately.recovered] == [[0, 100], [100, 0]]
    assert [(one.step, one.recovered, one.ended, one.rate) for one in lately.steps] == [
        ("first", 2, 10, "20.0%"),
        ("none", 4, 10, "40.0%"),
        ("reminder", 1, 10, "10.0%"),
    ]
    assert [(one.cause, one.money, one.cases) for one in lately.lost] == [("exhausted", "€49.00", 2)]
    assert (lately.unknown, lately.lost_unknown) == (3, 1)


async def test_the_page_shows_them_with_what_is_wrong_and_where_to_mend_it(side: ConsoleSide) -> None:
    store, person = side.app[STORE], await side.sign_in()
    empty = (await person.get("/"))[1]
    await add(side, 0, "recovered|renewal|first|hard|click|EUR", 1, 2_900)
    await add(side, 0, "lost|renewal|none|hard|by_operator|EUR", 1, 2_900)
    await store.holds.raise_(OperatorMustActError("The server refuses our login.", hold=HoldWord.MAIL_LOGIN), NOW)
    await store.brakes.pause("renewal", "a new template", NOW)

    status, html = await person.get("/")

    assert status == 200
    assert "Nothing: mail goes out." in empty
    assert "Mail is on hold (mail_login)." in html
    assert "The server refuses our login." in html
    assert 'href="/brakes">Brakes</a></li>' in html
    assert "€29.00 in EUR, of 1 case" in html
    assert "<td>by operator</td>" in html
    assert '<rect x="308" y="0" width="24" height="100">' in html
    assert "renewal</td><td>first" in html
