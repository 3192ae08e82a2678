"""The Lua scripts: every write that must be all or nothing."""

from importlib.resources import files

from redis.commands.core import AsyncScript

from dunning.store.driver.connection import RedisClient


def load(redis: RedisClient, name: str) -> AsyncScript:
    """Return the script of this name. It is sent to Redis when it is first run, and again when Redis forgot it."""
    script: AsyncScript = redis.register_script((files(__package__) / f"{name}.lua").read_text())
    return script
