"""What `demo --serve` opens on this machine is for programs and for its own pages, and for nobody else's."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from cli.lab.mailbox.server import MailServer, listing
from paddle_twin import Twin

FOREIGN = ["http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "null"]


@pytest.fixture(params=["twin", "mailbox"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Give the address of a thing that is there, and changes when it is posted to."""
    if request.param == "twin":
        async with Twin() as twin:
            yield f"{twin.url}/_twin/customers"
    else:
        async with MailServer() as mails:
            runner = web.AppRunner(listing(mails))
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/faults"
            await runner.cleanup()


async def answered(url: str, method: str = "GET", **headers: str) -> int:
    async with ClientSession() as http, http.request(method, url, headers=headers, data=b"[") as response:
        await response.read()
        return response.status


async def test_programs_and_its_own_pages_are_served(server: str) -> None:
    port = server.split(":")[2].split("/", maxsplit=1)[0]
    for headers in (
        {},
        {"Host": f"localhost:{port}"},
        {"Host": "127.0.0.1:1"},  # of a proxy in front
        {"Origin": f"http://127.0.0.1:{port}"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ):
        assert await answered(server, "POST", **headers) not in {403, 421}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8701", "localhost.evil.example", "127.0.0.2"])
async def test_another_name_is_not_answered(server: str, host: str) -> None:
    assert await answered(server, Host=host) == 421
    assert await answered(server, "POST", Host=host) == 421


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_pages_of_another_origin_are_refused(server: str, method: str, origin: str) -> None:
    assert await answered(server, method, Origin=origin) == 403
    assert await answered(server, method, **{"Origin": origin, "Sec-Fetch-Site": "cross-site"}) == 403
