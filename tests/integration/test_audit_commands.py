"""Every command that changes something by hand writes the audit list: who, what, and about which id."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.access_token import Scope
from dunning.audit import Change, Way
from dunning.errors import OperatorMustActError
from dunning.people import PersonRole
from dunning.reasons import HoldWord
from dunning.store import Session, Store
from dunning.suppression import address_key
from tests.integration.at_rest import NOW, everything_told, redis_of
from tests.integration.cases_by_hand import days_ago, put, sent
from tests.integration.edge import LINK_SECRET
from tests.integration.test_dead_command import died
from tests.integration.test_out_webhooks_command import told

# Makes what a command is to change, and gives the command and which id is noted; None for one that is made just then.
Makes: TypeAlias = Callable[[Store], Awaitable[tuple[list[str], str | None]]]
ADDRESS = "grace@customer.example"


async def run(redis_url: str, *arguments: str) -> Result:
    given = {"DUNNING_REDIS_URL": redis_url, "DUNNING_LINK_SECRETS": LINK_SECRET}
    return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env=given)


def about_case(*words: str) -> Makes:
    async def make(store: Store) -> tuple[list[str], str | None]:
        case = await put(store)
        return [*words, case.id], case.id

    return make


def about_customer(*words: str) -> Makes:
    async def make(store: Store) -> tuple[list[str], str | None]:
        case = await put(store)
        return [*words, case.customer_id], case.customer_id

    return make


def about_event(*words: str) -> Makes:
    async def make(store: Store) -> tuple[list[str], str | None]:
        event = await died(store)
        return [*words, event.id], event.id

    return make


def about_all_events(*words: str) -> Makes:
    async def make(store: Store) -> tuple[list[str], str | None]:
        await died(store), await died(store)
        return [*words, "--all"], "2 events"

    return make


def about_out_webhook(*words: str) -> Makes:
    async def make(store: Store) -> tuple[list[str], str | None]:
        (event,) = await told(store, "app")
        await store.out_webhooks.give_up(event, "http_404", NOW)
        return [*words, event.id], event.id

    return make


def always(*words: str, about: str | None = "") -> Makes:
    async def make(_store: Store) -> tuple[list[str], str | None]:
        return [*words], about

    return make


async def an_excluded_customer(store: Store) -> tuple[list[str], str | None]:
    case = await put(store)
    await store.exclusions.exclude(case.customer_id, NOW)
    return ["include", case.customer_id], case.customer_id


async def a_suppressed_address(store: Store) -> tuple[list[str], str | None]:
    await store.suppressions.add(address_key(ADDRESS, LINK_SECRET), "bounce", NOW)
    return ["suppressions", "remove", ADDRESS], ""


async def a_mail(store: Store) -> tuple[list[str], str | None]:
    case = await put(store, failed_days_ago=2, deliveries={"first": sent(days_ago(1))})
    return ["resend", case.id], case.id


async def a_hold(store: Store) -> tuple[list[str], str | None]:
    await store.holds.raise_(OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN), NOW)
    return ["holds", "release", "mail_login"], "mail_login"


async def a_token(store: Store) -> tuple[list[str], str | None]:
    await store.tokens.add("1f0c3a9b2d7e", "shop", [Scope.READ], "0" * 64, NOW)
    return ["tokens", "revoke", "1f0c3a9b2d7e"], "1f0c3a9b2d7e"


async def a_session(store: Store) -> tuple[list[str], str | None]:
    await store.people.add_session(Session("1f0c3a9b2d7e", "Grace", PersonRole.VIEWER, NOW, NOW, "0" * 64))
    return ["sign-in", "--revoke", "1f0c3a9b2d7e"], "1f0c3a9b2d7e"


async def a_forgotten_customer(store: Store) -> tuple[list[str], str | None]:
    return ["forget", (await put(store)).customer_id, "--yes"], ""


CHANGES: list[tuple[Change, Makes]] = [
    (Change.STOP, about_case("cases", "stop")),
    (Change.SEND_NOW, about_case("cases", "send-now")),
    (Change.RESEND, a_mail),
    (Change.EXCLUDE, about_customer("exclude")),
    (Change.INCLUDE, an_excluded_customer),
    (Change.SUPPRESS, always("suppressions", "add", ADDRESS)),
    (Change.UNSUPPRESS, a_suppressed_address),
    (Change.PAUSE, always("pause")),
    (Change.RESUME, always("resume")),
    (Change.REPLAY, about_event("dead", "replay")),
    (Change.REPLAY, about_all_events("dead", "replay")),
    (Change.DROP, about_event("dead", "drop")),
    (Change.REPLAY_OUT_WEBHOOK, about_out_webhook("out-webhooks", "replay")),
    (Change.DROP_OUT_WEBHOOK, about_out_webhook("out-webhooks", "drop")),
    (Change.RELEASE_HOLD, a_hold),
    (Change.FORGET, a_forgotten_customer),
    (Change.MAKE_TOKEN, always("tokens", "create", "Grace", "--scope", "read", about=None)),
    (Change.REVOKE_TOKEN, a_token),
    (Change.MAKE_SIGN_IN_LINK, always("sign-in", "Grace", "--role", "viewer", about=None)),
    (Change.END_SESSION, a_session),
]


async def is_made(store: Store, one: str) -> bool:
    """Say whether it is the id of a token or of a sign-in link."""
    return one in {token.id for token in await store.tokens.all()} or await store.people.find_link(one) is not None


@pytest.mark.parametrize(("what", "makes"), CHANGES, ids=[str(what) for what, _ in CHANGES])
async def test_a_change_is_listed_with_who_did_it(redis_url: str, store: Store, what: Change, makes: Makes) -> None:
    arguments, about = await makes(store)

    result = await run(redis_url, *arguments, "--by", "ada")

    assert result.exit_code == 0, result.output
    (noted,) = await store.audit.newest(0, 10)
    assert (noted.who, noted.way, noted.what) == ("ada", Way.COMMAND, what)
    assert noted.about == about or (about is None and await is_made(store, noted.about))
    printed = (await run(redis_url, "audit", "--json")).stdout
    assert not any(one in printed for one in (ADDRESS, "Grace"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["tokens", "revoke", "0" * 12],
        ["sign-in", "--revoke", "0" * 12],
        ["holds", "release", "mail_login"],
        ["dead", "drop", "evt_none"],
        ["dead", "replay", "--all"],
        ["out-webhooks", "drop", "--all"],
        ["out-webhooks", "replay", "--all"],
        ["cases", "stop", f"txn_{'0' * 26}"],
        ["resend", f"txn_{'0' * 26}"],
        ["suppressions", "add", "nobody"],
        ["suppressions", "remove", ADDRESS],
        ["include", f"sub_{'0' * 26}"],
        ["exclude"],
        ["tokens", "list"],
        ["sign-in", "--list"],
    ],
    ids=" ".join,
)
async def test_what_did_nothing_is_not_listed(redis_url: str, store: Store, arguments: list[str]) -> None:
    await run(redis_url, *arguments)

    assert await store.audit.newest(0, 10) == []


async def test_without_a_name_it_is_the_login_name(redis_url: str, store: Store) -> None:
    await run(redis_url, "resume")

    (noted,) = await store.audit.newest(0, 10)
    assert noted.who == getpass.getuser()


async def test_whom_a_change_was_about_is_forgotten_with_them(redis_url: str, store: Store) -> None:
    case, other = await put(store), await put(store, customer_id=f"ctm_{'1' * 26}")
    for arguments in (["exclude", case.customer_id], ["cases", "stop", case.id], ["cases", "stop", other.id]):
        await run(redis_url, *arguments, "--by", "ada")

    forgotten = await run(redis_url, "forget", case.customer_id, "--yes", "--json", "--by", "eve")

    assert json.loads(forgotten.stdout)["other_entries"] == 3  # the exclusion itself, and two changes
    assert [(one.who, one.what, one.about) for one in await store.audit.newest(0, 10)] == [
        ("eve", Change.FORGET, ""),
        ("ada", Change.STOP, other.id),
        ("ada", Change.STOP, ""),
        ("ada", Change.EXCLUDE, ""),
    ]
    assert case.customer_id not in await everything_told(redis_of(store))
