"""`dunning console` and `dunning tokens` as processes: a program asks for links, and customers can't reach it."""

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import suppress

from dunning.settings.load import bare_environment
from tests.dunning_process import ENVIRONMENT, dunning
from tests.e2e.service import Service


def run_dunning(service: Service, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-P", "-m", "cli.main", *arguments],
        env=service.stack.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


async def test_a_program_with_a_token_learns_who_owes_and_gets_a_link(service: Service) -> None:
    case_id = await service.decline()
    await service.delivery_ended(case_id)
    case = await service.store.cases.read(case_id)
    assert case is not None
    token = (await asyncio.to_thread(run_dunning, service, "tokens", "create", "shop", "--scope", "links,read")).strip()
    environment = dict(service.stack.environment)

    with dunning("console", environ=environment) as console:
        port = (await asyncio.to_thread(console.wait_for, "console.listening"))["port"]
        base, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nX-Half-Sent: ")
        async with service.http.get(f"{base}/v1/customers/{case.customer_id}/standing", headers=headers) as response:
            standing = await response.json()
        async with service.http.get(standing["subscriptions"][0]["payment_link"]) as page:
            assert page.status == 200
        async with service.http.get(f"{base}/v1/cases") as without:
            assert without.status == 401
        listed = json.loads(await asyncio.to_thread(run_dunning, service, "tokens", "list", "--json"))["tokens"]
        await asyncio.to_thread(run_dunning, service, "tokens", "revoke", listed[0]["id"])
        async with service.http.get(f"{base}/v1/cases", headers=headers) as revoked:
            assert revoked.status == 401
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 60) == b""  # nobody waits for the rest for ever
        writer.close()
        console.signal(signal.SIGTERM)
        assert await asyncio.to_thread(console.end) == 0

    assert standing["past_due"] is True
    assert [one["name"] for one in listed] == ["shop"]
    assert listed[0]["used_at"]
    async with service.http.get(f"{service.stack.public_url}/v1/cases", headers=headers) as public:
        assert public.status == 404


def test_a_port_that_is_taken_is_told() -> None:
    environment = bare_environment() | ENVIRONMENT | {"DUNNING_REDIS_URL": "redis://127.0.0.1:1/0"}
    with dunning("console", environ=environment) as first:
        port = str(first.wait_for("console.listening")["port"])
        with dunning("console", environ=environment | {"DUNNING_CONSOLE_PORT": port}) as second:
            assert second.end() == 2

    assert second.lines[-1].startswith(f"DUNNING_CONSOLE_PORT: another process listens on port {port}")
