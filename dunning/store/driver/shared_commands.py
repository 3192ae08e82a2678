"""One kind of command, sent in one trip for all who ask at the same time: jobs side by side cost Redis a few trips."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from redis.exceptions import NoScriptError, ResponseError

from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.driver.shared_trip import SharedTrip

# As many as come together when events are accepted.
AT_MOST = 50

Command: TypeAlias = Sequence[Any]


class SharedCommands:
    """Sends commands that are asked at the same time together. Each is by itself, and each caller has their answer."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._trip = SharedTrip[Command, Any](self._go, AT_MOST)

    async def ask(self, *command: Any) -> Any:  # noqa: ANN401 - whatever Redis answers
        """Send a command and return what Redis answers.

        Raises:
            RedisError, OSError: Redis is away, or refuses it.
        """
        return await self._trip.ask(command)

    async def _go(self, commands: Sequence[Command]) -> list[Any]:
        return await _send(self._redis, commands)


class SharedScript:
    """A script, run for all who ask at the same time in one trip: each run is all or nothing, by itself."""

    def __init__(self, redis: RedisClient, name: str) -> None:
        self._redis = redis
        self._script = scripts.load(redis, name)
        self._trip = SharedTrip[Command, Any](self._go, AT_MOST)

    async def __call__(self, keys: Sequence[Any], args: Iterable[Any]) -> Any:  # noqa: ANN401 - as above
        """Run it and return what it answers. It must bear to be run twice, as its answer may be lost.

        Raises:
            RedisError, OSError: Redis is away, or refuses it.
        """
        return await self._trip.ask(("EVALSHA", self._script.sha, len(keys), *keys, *args))

    async def _go(self, commands: Sequence[Command]) -> list[Any]:
        try:
            return await _send(self._redis, commands)
        except NoScriptError:
            await self._redis.script_load(self._script.script)
            return await _send(self._redis, commands)


async def _send(redis: RedisClient, commands: Sequence[Command]) -> list[Any]:
    """Send all of them. If Redis refuses one of several for what it is, each is sent again, by itself.

    An error has to be raised inside of `execute`, which then turns to another connection, and so to the server that
    has taken over.
    """
    try:
        async with redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            answers: list[Any] = await pipe.execute()
            return answers
    except ResponseError as error:
        if type(error) is not ResponseError or len(commands) == 1:
            raise
        return [await _send_alone(redis, command) for command in commands]


async def _send_alone(redis: RedisClient, command: Command) -> Any:  # noqa: ANN401 - as above
    try:
        return await redis.execute_command(*command)
    except ResponseError as error:
        return error
