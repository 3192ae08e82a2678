"""One kind of command, sent in one trip for all who ask at the same time: jobs side by side cost Redis a few trips."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from redis.exceptions import NoScriptError, ReadOnlyError

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
    """Send all of them, and return their answers. What Redis refuses of one is its answer; the others ran all the same.

    Raises:
        RedisError, OSError: it is away, and any of them may have run; or it forgot the script or can't write now, and
            none of them did.
    """
    try:
        return await _send_once(redis, commands, raise_on_error=False)
    except ReadOnlyError:
        # It has become a replica. Raised inside of `execute`, that makes the client turn to the server in its place.
        return await _send_once(redis, commands, raise_on_error=True)


async def _send_once(redis: RedisClient, commands: Sequence[Command], *, raise_on_error: bool) -> list[Any]:
    async with redis.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        answers: list[Any] = await pipe.execute(raise_on_error=raise_on_error)
    for answer in answers:
        if isinstance(answer, (ReadOnlyError, NoScriptError)):
            raise answer
    return answers
