"""The search for leaks is only worth as much as what it finds."""

import base64
import html
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from redis import Redis

from tests.e2e.scan import SHAPES, Place, forbid, places_in_files, places_in_redis, search
from tests.e2e.service import running_service

NAME = "Zoë O'Connor-Ünal"
ADDRESS = "zoe+lantern@customer.example"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "as JSON": json.dumps,
    "as HTML": html.escape,
    "as a URL": lambda value: quote(value, safe=""),
    "as base64": lambda value: base64.b64encode(value.encode()).decode(),
    "as base64 of a longer text": lambda value: base64.b64encode(f"To: {value}\n".encode()).decode(),
    "as base64 of another longer text": lambda value: base64.b64encode(f"Name={value};".encode()).decode(),
    "as base64 for URLs": lambda value: base64.urlsafe_b64encode(f"?{value}?".encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("value", [NAME, ADDRESS])
def test_a_value_is_found_in_every_spelling(value: str, spelling: str) -> None:
    spelled = SPELLINGS[spelling](value)

    assert search([Place("here", f"before {spelled} after".encode())], forbid("it", [value])) == ["it is in here"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("token=pga_eyJh", "a portal token"),
        ("https://customer-portal.paddle.com/cpl_01?action=overview", "a portal URL"),
        ("http://127.0.0.1:8080/cpl_01", "a portal URL"),
        ('{"path": "/pay/txn_01.x.y"}', "a payment link"),
        ("GET /pay/[scrubbed] HTTP/1.1", "a payment link"),
        ('{"reason": "[scrubbed]"}', "what only the log's last resort took out"),
    ],
)
def test_what_has_a_known_shape_is_found(content: str, what: str) -> None:
    assert f"{what} is in here" in search([Place("here", content.encode())], SHAPES)


@pytest.mark.parametrize(
    "content",
    ['requests_total{route="/pay/{token}",status="303"}', "https://customer-portal.paddle.com/login/cpl_01", "/pay/"],
)
def test_what_is_no_secret_is_let_be(content: str) -> None:
    assert search([Place("here", content.encode())], SHAPES) == []


async def test_keys_of_every_type_are_read_with_all_they_hold(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.set("pga_key", "-")
        redis.set("string", "pga_")
        redis.rpush("list", "-", "pga_")
        redis.sadd("set", "-", "pga_")
        redis.zadd("zset", {"-": 1, "pga_": 2})
        redis.hset("field", "pga_", "-")
        redis.hset("value", "-", "pga_")
        redis.xadd("stream", {"-": "pga_"})

    found = search(await places_in_redis(redis_url), SHAPES)

    names = ["field", "list", "pga_key", "set", "stream", "string", "value", "zset"]
    assert sorted(found) == [f"a portal token is in the key {name}" for name in names]


def test_files_are_read_in_every_folder(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "appendonly.aof.1.incr.aof").write_bytes(b"\xff$4\r\npga_\r\n")

    assert search(places_in_files(tmp_path), SHAPES) == ["a portal token is in the file appendonly.aof.1.incr.aof"]


async def test_whatever_a_service_leaves_anywhere_fails_its_test() -> None:
    with pytest.raises(AssertionError) as failed:
        await run_a_service_that_leaks()

    leaks = str(failed.value)
    for what in (
        "a name",
        "an address",
        "a payment link",
        "a payment link's token",
        "the API key",
        "the webhook secret",
        "the link secret",
        "the mail password",
    ):
        assert f"{what} is in the key planted" in leaks
        assert f"{what} is in the file appendonly.aof" in leaks
    assert "a portal token is in our processes' log" in leaks
    assert "a portal token is in /metrics" in leaks


async def run_a_service_that_leaks() -> None:
    async with running_service() as service:
        await service.decline(name=NAME)
        (mail,) = await service.mails()
        settings = {name.removeprefix("DUNNING_"): value for name, value in service.stack.environment.items()}
        secrets = [settings[name] for name in ("PADDLE_API_KEY", "WEBHOOK_SECRETS", "LINK_SECRETS", "MAIL_URL")]
        with Redis.from_url(service.redis_url) as redis:
            redis.sadd("planted", NAME, *mail["recipients"], service.link_in(mail), *secrets)
            redis.hincrby("dunning:counts", "pga_", 1)
        with service.part("worker").log.open("a") as log:
            log.write("pga_")
