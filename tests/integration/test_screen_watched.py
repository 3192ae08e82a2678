"""That sign-ins in vain are few and told of, and that whoever changes something is listed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from console.keys import STORE
from dunning.access_token import Scope
from dunning.audit import Change, Way
from dunning.people import address_key
from dunning.store import AuditEntry
from dunning.store.sign_ins import MOST_FROM_ONE, MOST_IN_ALL
from tests.integration.at_rest import redis_of
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.edge import LINK_SECRET, NOW, settings

BAD = f"/sign-in/{'0' * 12}_{'A' * 43}"


@pytest.fixture
async def side(redis_url: str) -> AsyncIterator[ConsoleSide]:
    async with running_console(settings(redis_url)) as side:
        yield side


async def test_whoever_tries_too_often_is_heard_no_more_and_it_is_counted(side: ConsoleSide) -> None:
    person, link, tried = await side.sign_in(), await side.link(), []
    for _ in range(MOST_FROM_ONE + 1):
        async with side.http.get(f"{side.url}{BAD}") as answer:
            tried.append(answer.status)
    async with side.http.post(f"{side.url}{link}", allow_redirects=False) as good:
        assert good.status == 429

    assert tried == [410] * MOST_FROM_ONE + [429]
    assert (await person.get("/"))[0] == 200
    counted = (await side.app[STORE].health.snapshot(NOW)).counters
    assert counted["sign_ins_refused"] == MOST_FROM_ONE + 2


async def test_from_many_addresses_nobody_is_heard_after_a_hundred(side: ConsoleSide) -> None:
    sign_ins = side.app[STORE].sign_ins
    for number in range(MOST_IN_ALL):
        assert not await sign_ins.are_too_many("mine")
        await sign_ins.note_refused(address_key(f"192.0.2.{number}", LINK_SECRET))

    assert await sign_ins.are_too_many("mine")


@pytest.mark.parametrize(
    "loaded",
    [
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": "document", "Sec-Purpose": "prefetch;prerender"},
    ],
)
async def test_a_foreign_page_that_loads_links_in_vain_keeps_nobody_out(
    side: ConsoleSide, loaded: dict[str, str]
) -> None:
    headers = {"Sec-Fetch-Site": "same-site", **loaded}
    for _ in range(MOST_FROM_ONE + 1):
        async with side.http.get(f"{side.url}{BAD}", headers=headers) as answer:
            assert answer.status == 403

    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    async with side.http.get(f"{side.url}{await side.link()}", headers=followed) as answer:
        assert answer.status == 200
    assert "sign_ins_refused" not in (await side.app[STORE].health.snapshot(NOW)).counters


async def test_what_programs_change_is_listed_by_their_name_and_without_an_address(
    side: ConsoleSide, redis_url: str
) -> None:
    token, subscription = await side.token(Scope.OPERATE, name="shop"), f"sub_{'0' * 26}"

    for _ in range(2):  # the second changes nothing
        await side.ask("PUT", f"/v1/exclusions/{subscription}", token=token)
    await side.ask("PUT", "/v1/suppressions", token=token, body={"address": "ada@customer.example"})
    await side.ask("POST", f"/v1/cases/txn_{'0' * 26}/stop", token=token)  # there is none
    printed = await asyncio.to_thread(
        CliRunner().invoke, main, ["audit", "--json"], env={"DUNNING_REDIS_URL": redis_url}
    )
    in_words = await asyncio.to_thread(CliRunner().invoke, main, ["audit"], env={"DUNNING_REDIS_URL": redis_url})

    assert await side.app[STORE].audit.newest(0, 10) == [
        AuditEntry(NOW, "shop", Way.API, Change.SUPPRESS),
        AuditEntry(NOW, "shop", Way.API, Change.EXCLUDE, subscription),
    ]
    assert [one["what"] for one in json.loads(printed.stdout)["changes"]] == ["suppress", "exclude"]
    assert in_words.stdout.splitlines()[1] == f"2026-05-04 12:00 UTC  shop (api)  exclude  {subscription}"
    assert "customer.example" not in printed.stdout


async def test_a_program_reads_on_where_its_page_ended_whatever_is_changed_meanwhile(side: ConsoleSide) -> None:
    audit, token = side.app[STORE].audit, await side.token(Scope.READ)

    async def read(query: str) -> dict[str, Any]:
        status, page, _ = await side.ask("GET", f"/v1/audit?{query}", token=token)
        assert status == 200
        return page

    async def note(*numbers: int) -> None:
        for number in numbers:
            await audit.note(AuditEntry(NOW, "Ada", Way.SCREEN, Change.STOP, f"txn_{number}"))

    nothing = await read("")
    await note(1, 2, 3)
    first = await read("limit=2")
    await note(4, 5)
    second = await read(f"limit=2&cursor={first['cursor']}")
    await note(6)
    exactly = await read("limit=6")

    assert nothing == {"changes": [], "more": False, "cursor": None}
    assert [[one["about"] for one in page["changes"]] for page in (first, second)] == [["txn_3", "txn_2"], ["txn_1"]]
    assert [(page["more"], page["cursor"] is None) for page in (first, second, exactly)] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert first["changes"][0] == {
        "at": "2026-05-04T12:00:00Z",
        "who": "Ada",
        "way": "screen",
        "what": "stop",
        "about": "txn_3",
    }
    assert len((await read("cursor=999"))["changes"]) == 6
    assert (await read("cursor=-1"))["changes"] == []
    assert (await side.ask("GET", "/v1/audit?cursor=x", token=token))[0] == 400


async def test_what_was_noted_before_changes_had_numbers_is_read_on_too(side: ConsoleSide) -> None:
    store, token = side.app[STORE], await side.token(Scope.READ)
    for number in range(3):
        await store.audit.note(AuditEntry(NOW, "Ada", Way.SCREEN, Change.STOP, f"txn_{number}"))
    await redis_of(store).delete("dunning:audit:noted")

    _, first, _ = await side.ask("GET", "/v1/audit?limit=1", token=token)
    await store.audit.note(AuditEntry(NOW, "Ada", Way.COMMAND, Change.STOP, "txn_3"))
    _, rest, _ = await side.ask("GET", f"/v1/audit?cursor={first['cursor']}", token=token)

    assert [one["about"] for one in rest["changes"]] == ["txn_1", "txn_0"]


async def test_what_a_newer_version_noted_is_shown_as_it_is(side: ConsoleSide) -> None:
    entry = b'[1777896000000, "Ada", "telepathy", "think_again", ""]'
    await redis_of(side.app[STORE]).lpush("dunning:audit", entry)

    _, page, _ = await side.ask("GET", "/v1/audit", token=await side.token(Scope.READ))
    _, html = await (await side.sign_in()).get("/audit")

    assert [(one["way"], one["what"]) for one in page["changes"]] == [("telepathy", "think_again")]
    assert "think again" in html


async def test_the_list_is_read_a_page_at_a_time(side: ConsoleSide) -> None:
    audit = side.app[STORE].audit
    for number in range(150):
        await audit.note(AuditEntry(NOW, "Ada", Way.SCREEN, Change.STOP, f"txn_{number:026d}"))
    person = await side.sign_in()

    first, second = await person.get("/audit"), await person.get("/audit?page=2")
    others = [(await person.get(f"/audit?page={page}"))[0] for page in ("0", "101", "x", "-1", "\u0663")]

    assert "signed in" in first[1]
    assert f"txn_{149:026d}" in first[1]
    assert (f"txn_{50:026d}" in first[1], f"txn_{50:026d}" in second[1]) == (False, True)
    assert ("/audit?page=2" in first[1], "/audit?page=3" in second[1]) == (True, False)
    assert others == [404] * 5
