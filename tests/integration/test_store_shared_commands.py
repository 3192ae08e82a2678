"""Commands that share a trip: each is by itself, runs once, and tells its own caller what came of it."""

import asyncio

from redis.exceptions import ReadOnlyError, ResponseError

from dunning.store import Store, keys
from dunning.store.driver.connection import Patience, connect, disconnect
from dunning.store.driver.shared_commands import SharedCommands, SharedScript
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import redis_of


async def test_what_redis_refuses_of_one_is_told_to_them_alone_and_the_others_ran_once(store: Store) -> None:
    redis = redis_of(store)
    await redis.set("text", "no number")
    shared = SharedCommands(redis)

    outcomes = await asyncio.gather(
        *(shared.ask("INCR", key) for key in ("one", "text", "two")), return_exceptions=True
    )

    assert [outcomes[0], type(outcomes[1]), outcomes[2]] == [1, ResponseError, 1]


async def test_a_script_that_redis_forgot_is_told_it_again_and_runs_for_all(store: Store) -> None:
    redis = redis_of(store)
    handled = SharedScript(redis, "handled")
    ids = ["evt_1", "evt_2"]
    await redis.script_flush()

    await asyncio.gather(
        *(handled(keys=[keys.event(one), keys.INBOX, keys.trace("")], args=[one, 1_000, "", 1, 1_000]) for one in ids)
    )

    assert await redis.exists(*map(keys.event, ids)) == 2


async def test_a_server_that_has_become_a_replica_is_an_error_for_all() -> None:
    with EmbeddedServer(tcp=True) as server:
        redis = connect(server.url, Patience.LITTLE)
        shared = SharedCommands(redis)
        await redis.replicaof("127.0.0.1", 1)

        outcomes = await asyncio.gather(*(shared.ask("INCR", key) for key in ("one", "two")), return_exceptions=True)

        await disconnect(redis)
    assert [type(outcome) for outcome in outcomes] == [ReadOnlyError, ReadOnlyError]
