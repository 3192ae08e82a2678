"""`dunning sign-in`: a link that lets somebody in, and who is in."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning import time_limits
from dunning.people import PersonRole
from dunning.store import Store
from tests.integration.console_side import Person, running_console
from tests.integration.edge import LINK_SECRET, settings

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(redis_url: str) -> Run:
    async def invoke(*arguments: str, **changes: str) -> Result:
        given = {"DUNNING_REDIS_URL": redis_url, "DUNNING_LINK_SECRETS": LINK_SECRET, **changes}
        return await asyncio.to_thread(CliRunner().invoke, main, ["sign-in", *arguments], env=given)

    return invoke


async def test_the_link_signs_in_and_the_session_is_listed_and_revoked(run: Run, redis_url: str) -> None:
    made = await run("Ada", "--role", "viewer")
    told = json.loads((await run("Bo", "--role", "operator", "--json")).stdout)
    async with running_console(settings(redis_url), clock=lambda: datetime.now(UTC)) as side:
        path = made.stdout.strip().removeprefix("http://127.0.0.1:8090")
        async with side.http.post(f"{side.url}{path}", allow_redirects=False) as response:
            person = Person(side, response.cookies["dunning"].value)
        (session,) = json.loads((await run("--list", "--json")).stdout)["sessions"]
        listed = await run("--list")
        revoked, again = await run("--revoke", session["id"]), await run("--revoke", session["id"])
        after, _ = await person.get("/")

    assert re.fullmatch(r"http://127\.0\.0\.1:8090/sign-in/[0-9a-f]{12}_[\w-]{43}\n", made.stdout)
    assert made.stderr.startswith("It signs Ada in as viewer, once, until ")
    assert (told["name"], told["role"], set(told)) == ("Bo", "operator", {"url", "name", "role", "expires_at"})
    assert (session["name"], session["role"]) == ("Ada", "viewer")
    assert listed.stdout.startswith(f"{session['id']}  Ada  viewer  signed in ")
    assert (revoked.exit_code, again.exit_code, after) == (0, 1, 401)
    assert (await run("--list")).stdout.startswith("Nobody is signed in.")


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({"DUNNING_CONSOLE_URL": "https://dunning.example.com/"}, "https://dunning.example.com/sign-in/"),
        ({"DUNNING_CONSOLE_HOST": "::", "DUNNING_CONSOLE_PORT": "9000"}, "http://[::1]:9000/sign-in/"),
        ({"DUNNING_CONSOLE_HOST": "::1"}, "http://[::1]:8090/sign-in/"),
        ({"DUNNING_CONSOLE_HOST": "0.0.0.0"}, "http://127.0.0.1:8090/sign-in/"),  # noqa: S104 - nothing listens
    ],
)
async def test_the_link_is_to_where_people_reach_the_screen(run: Run, changes: dict[str, str], begins: str) -> None:
    assert (await run("Ada", "--role", "viewer", **changes)).stdout.startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give a NAME, or --list, or --revoke ID."),
        (["Ada", "--list"], "Give a NAME, or --list, or --revoke ID."),
        (["Ada"], "A NAME needs --role viewer or --role operator."),
        (["--list", "--role", "viewer"], "--role is for a NAME."),
        (["Ada", "--role", "owner"], "'owner' is not one of 'viewer', 'operator'."),
        ([" ", "--role", "viewer"], "NAME should be up to 40 characters that tell who signs in."),
        (["A\nB", "--role", "viewer"], "NAME should be up to 40 characters that tell who signs in."),
        (["A" * 41, "--role", "viewer"], "NAME should be up to 40 characters that tell who signs in."),
    ],
)
async def test_what_was_called_wrongly_is_told(run: Run, arguments: list[str], said: str) -> None:
    result = await run(*arguments)

    assert (result.exit_code, said in result.stderr) == (2, True)


async def test_without_an_address_none_is_guessed(run: Run) -> None:
    result = await run("Ada", "--role", "viewer", DUNNING_CONSOLE_PORT="0")

    assert (result.exit_code, result.stderr.partition(":")[0]) == (2, "DUNNING_CONSOLE_URL")


async def test_a_link_is_kept_no_longer_than_it_works(run: Run, store: Store) -> None:
    made = await run("Ada", "--role", "operator")
    link = await store.people.find_link(made.stdout.strip().rpartition("/")[2].partition("_")[0])

    assert link is not None
    assert (link.name, link.role) == ("Ada", PersonRole.OPERATOR)
    assert link.is_good(link.made_at + time_limits.SIGN_IN_LINK - timedelta(seconds=1))
    assert not link.is_good(link.made_at + time_limits.SIGN_IN_LINK)
