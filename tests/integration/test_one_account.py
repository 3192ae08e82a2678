"""A Redis is of one Paddle account alone, the first whose key a process was started with."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from dunning.errors import ConfigurationError
from dunning.one_account import check_account
from dunning.settings.load import bare_environment
from dunning.store import Store, keys
from paddle_twin import Twin
from paddle_twin.faults import Fault
from tests.dunning_process import ENVIRONMENT
from tests.integration.at_rest import redis_of
from tests.integration.edge import settings as settings_of

WEBHOOKS, WORKER = ("cli.main", "webhooks"), ("cli.main", "worker")
ARQ = ("arq", "worker.main.WorkerSettings")
OURS, OTHER = "acc_ours", "acc_other"
NOBODY = "http://127.0.0.1:9"  # nobody listens on the discard port


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    async with Twin(account=OURS) as running:
        yield running


async def check(redis_url: str, twin: Twin, **changes: str) -> None:
    given = {
        "PADDLE_API_KEY": twin.api_key,
        "PADDLE_API_URL": twin.url,
        "PORTAL_LOGIN_URL": twin.portal_login_url,
    } | changes
    await check_account(settings_of(redis_url, **given), redis_url)


async def holder(store: Store) -> bytes | None:
    found: bytes | None = await redis_of(store).get(keys.ACCOUNT)
    return found


async def test_the_first_start_makes_the_store_the_accounts(redis_url: str, store: Store, twin: Twin) -> None:
    await check(redis_url, twin)

    assert await holder(store) == OURS.encode()
    assert await redis_of(store).ttl(keys.ACCOUNT) == -1


async def test_another_key_of_the_same_account_may_use_it(redis_url: str, store: Store, twin: Twin) -> None:
    await check(redis_url, twin)

    async with Twin(account=OURS) as same:
        await check(redis_url, same)

    assert await holder(store) == OURS.encode()


async def test_another_accounts_key_is_refused_with_both_accounts_and_what_to_do(
    redis_url: str, store: Store, twin: Twin
) -> None:
    await redis_of(store).set(keys.ACCOUNT, OTHER)

    with pytest.raises(ConfigurationError) as refused:
        await check(redis_url, twin)

    (problem,) = refused.value.problems
    assert problem == (
        "DUNNING_PADDLE_API_KEY: it is of the Paddle account acc_ours, and this Redis is already that of acc_other; it "
        "should be a key of acc_other, or DUNNING_REDIS_URL should name another Redis or a database number of its own."
    )
    assert await holder(store) == OTHER.encode()


@pytest.mark.parametrize("fault", [404, 429, 500, "reset", "stall"])
async def test_a_paddle_that_does_not_answer_refuses_nothing_and_claims_nothing(
    redis_url: str, store: Store, twin: Twin, fault: Fault
) -> None:
    await redis_of(store).set(keys.ACCOUNT, OTHER)
    twin.fail_next("GET /", fault)

    with capture_logs() as logs:
        await check(redis_url, twin)

    assert await holder(store) == OTHER.encode()
    assert logs == []


async def test_a_key_that_is_refused_says_nothing_of_an_account(redis_url: str, store: Store, twin: Twin) -> None:
    await check(redis_url, twin, PADDLE_API_KEY="pdl_sdbx_apikey_revoked")

    assert await holder(store) is None


async def test_an_answer_that_names_no_account_is_warned_of(redis_url: str, store: Store, twin: Twin) -> None:
    twin.fail_next("GET /", "not_json")

    with capture_logs() as logs:
        await check(redis_url, twin)

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("account.unknown", "warning")]
    assert await holder(store) is None


async def test_paddle_is_not_asked_past_its_limit(redis_url: str, store: Store, twin: Twin) -> None:
    await store.limiter.hold(60)

    await check(redis_url, twin)

    assert twin.counts.total() == 0
    assert await holder(store) is None


async def test_a_redis_that_is_away_refuses_nothing(twin: Twin) -> None:
    await check("redis://127.0.0.1:9", twin)

    assert twin.counts.total() == 0


@pytest.mark.parametrize("command", [WEBHOOKS, WORKER, ARQ], ids=["webhooks", "worker", "arq"])
async def test_a_command_does_not_start_on_another_accounts_store(
    command: tuple[str, ...], redis_url: str, store: Store, twin: Twin
) -> None:
    await redis_of(store).set(keys.ACCOUNT, OTHER)

    process = await start(command, redis_url, twin.url, twin.api_key)
    _, errors = await process.communicate()

    told = [line for line in errors.decode().splitlines() if not line.startswith("{")]
    assert process.returncode == (1 if command == ARQ else 2)
    assert len(told) == 1
    assert OURS in told[0]
    assert OTHER in told[0]
    assert twin.api_key not in errors.decode()


@pytest.mark.parametrize(
    ("command", "event"), [(WEBHOOKS, "webhooks.listening"), (WORKER, "worker.started")], ids=["webhooks", "worker"]
)
@pytest.mark.parametrize("away", [False, True], ids=["of its own", "while Paddle is away"])
async def test_a_command_starts_on_a_store(
    command: tuple[str, ...], event: str, redis_url: str, store: Store, twin: Twin, *, away: bool
) -> None:
    await redis_of(store).set(keys.ACCOUNT, OTHER if away else OURS)

    process = await start(command, redis_url, NOBODY if away else twin.url, twin.api_key)
    try:
        assert process.stderr is not None
        assert event in [json.loads(line)["event"] async for line in until_told(process.stderr, event)]
        process.terminate()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def until_told(lines: asyncio.StreamReader, event: str) -> AsyncIterator[bytes]:
    """Give what is logged up to this event, or all."""
    async for line in lines:
        yield line
        if f'"{event}"'.encode() in line:
            return


async def start(command: tuple[str, ...], redis_url: str, api_url: str, api_key: str) -> asyncio.subprocess.Process:
    environment = bare_environment() | ENVIRONMENT
    environment |= {
        "DUNNING_REDIS_URL": redis_url,
        "DUNNING_PADDLE_API_URL": api_url,
        "DUNNING_PADDLE_API_KEY": api_key,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", *command, env=environment, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
