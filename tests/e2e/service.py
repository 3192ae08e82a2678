"""The service under test: `cli.lab.stack` with what tests do to it and see of it, and a search for leaks at its end."""

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from cli.demo.story import CAMPAIGN
from cli.lab.stack import STOP_WITHIN_SECONDS, Part, Stack, running_stack
from dunning.casebook.words import in_a_line
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery
from dunning.settings.load import LinkMint
from dunning.store import Store
from dunning.store.server.embedded import EmbeddedServer
from paddle_twin.notifications import sign
from tests.e2e.scan import SHAPES, Forbidden, Place, forbid, places_in_files, places_in_redis, search
from tests.until import until

SECRETS = {
    "DUNNING_PADDLE_API_KEY": "the API key",
    "DUNNING_WEBHOOK_SECRETS": "the webhook secret",
    "DUNNING_LINK_SECRETS": "the link secret",
}


class Service:
    """A running service and the world around it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.redis_url = stack.server.url
        self.data_folder = stack.server.data_folder
        self.store = Store.open(self.redis_url, rate_limit=1)
        self._people: list[tuple[str, str]] = []
        self._numbers = count(1)

    @property
    def http(self) -> ClientSession:
        return self.stack.http

    @property
    def server(self) -> EmbeddedServer:
        return self.stack.server

    def part(self, name: str) -> Part:
        return self.stack.parts[name]

    async def use_redis(self, url: str, data_folder: Path) -> None:
        """Look into another server from now on."""
        await self.store.close()
        self.redis_url, self.data_folder = url, data_folder
        self.store = Store.open(url, rate_limit=1)

    # What happens at Paddle.

    async def decline(self, *, name: str = "Zoë O'Connor-Ünal", code: str = "expired_card") -> str:
        """Decline a renewal of a new customer, and give the case's id."""
        email = f"zoe.{next(self._numbers)}+lantern@customer.example"
        self._people.append((name, email))
        customer = await self.stack.twin("customers", name=name, email=email, locale="en-GB")
        subscription = await self.stack.twin("subscriptions", customer_id=customer["id"], currency="EUR", price=2900)
        return str((await self.stack.twin(f"subscriptions/{subscription['id']}/decline", code=code))["id"])

    async def notifications(self) -> list[dict[str, Any]]:
        """Give what Paddle has sent so far, with the answers it got."""
        async with self.http.get(f"{self.stack.twin_url}/_twin/notifications") as response:
            sent: list[dict[str, Any]] = await response.json()
            return sent

    async def acknowledged(self) -> None:
        """Wait until everything that Paddle sent was answered 200."""

        async def all_delivered() -> bool:
            return all(sent["status"] == "delivered" for sent in await self.notifications())

        await until(all_delivered)

    async def answered(self, status: int) -> None:
        """Wait until something that Paddle sent was answered so."""

        async def one_was() -> bool:
            return any(status in sent["answers"] for sent in await self.notifications())

        await until(one_was)

    async def keep_notifications(self) -> None:
        """Let Paddle send nothing more by itself: the test does, with `notify`."""
        async with self.http.patch(f"{self.stack.twin_url}/_twin/settings", json={"webhook_url": None}) as response:
            assert response.status == 200

    async def notify(self, case_id: str, event_type: str) -> int:
        """Send the case's notification of this type, and give the answer's status."""
        (body,) = [
            json.dumps(sent["body"]).encode()
            for sent in await self.notifications()
            if sent["event_type"] == event_type and sent["body"]["data"]["id"] == case_id
        ]
        secret = self.stack.environment["DUNNING_WEBHOOK_SECRETS"]
        signature = {"Paddle-Signature": sign(body, secret, int(time.time()))}
        async with self.http.post(f"{self.stack.public_url}/webhooks/paddle", data=body, headers=signature) as response:
            return response.status

    # What the customer gets.

    async def mails(self, number: int = 1) -> list[dict[str, Any]]:
        """Wait until so many mails have come, and give all there are."""

        async def enough() -> list[dict[str, Any]]:
            mails = await self.stack.mails()
            return mails if len(mails) >= number else []

        return await until(enough)  # a killed worker's lease is 60 s

    def link_in(self, mail: dict[str, Any]) -> str:
        """Give the link that stands on a line of its own."""
        text: str = mail["text"]
        return next(line for line in text.splitlines() if line.startswith("http"))

    async def plan_fault(self, stage: str, what: int | str) -> None:
        """Have the mailbox misbehave the next time a conversation reaches this stage."""
        async with self.http.post(f"{self.stack.mailbox_url}/faults", json={"stage": stage, "what": what}) as response:
            assert response.status == 200

    async def fault_carried_out(self) -> None:
        """Wait until the mailbox misbehaves as planned."""

        async def nothing_is_planned() -> bool:
            async with self.http.get(f"{self.stack.mailbox_url}/faults") as response:
                return bool(await response.json() == {})

        await until(nothing_is_planned)

    # What becomes of it.

    async def get(self, path: str) -> tuple[int, str]:
        """Give status and text of an answer of `webhooks`."""
        async with self.http.get(f"{self.stack.public_url}{path}") as response:
            return response.status, await response.text()

    async def case_ended(self, case_id: str) -> Case:
        """Wait until the case has ended."""

        async def ended() -> Case | None:
            case = await self.store.cases.read(case_id)
            return case if case and not case.is_open else None

        return await until(ended)

    async def delivery_ended(self, case_id: str) -> Delivery:
        """Wait until nothing more will be done for the case's first mail."""

        async def ended() -> Delivery | None:
            case = await self.store.cases.read(case_id)
            first = case.delivery("first") if case else None
            return first if first and first.is_settled(repeats=1) else None

        return await until(ended)

    async def story(self, case_id: str) -> str:
        """Give the case's story as one text."""
        return "\n".join(in_a_line(line.entry) for line in await self.store.cases.story(case_id))

    async def logged(self, name: str, event: str, times: int = 1) -> None:
        """Wait until a process has logged this so often."""

        async def often_enough() -> bool:
            return self.part(name).log.read_text(errors="replace").count(f'"event": "{event}"') >= times

        await until(often_enough)

    # What is done to our processes and to Redis.

    async def terminate(self, name: str) -> int:
        """Send SIGTERM, and give the exit code; an orchestrator would kill what has not ended within 60 s."""
        process = self.part(name).process
        process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(process.wait(), STOP_WITHIN_SECONDS)

    def signal_redis(self, number: signal.Signals) -> None:
        """Kill the server, or have it answer nothing for a while."""
        os.kill(self.server.pid, number)

    async def check_for_leaks(self) -> None:
        """Fail if anything that must not be at rest is. Needs Redis, and starts `webhooks` where it is gone."""
        if self.part("webhooks").process.returncode is not None:
            await self.stack.start("webhooks")
        await self.stack.until_ready()
        places = [
            *await places_in_redis(self.redis_url),
            *places_in_files(self.data_folder),
            Place("our processes' log", self.stack.logs().encode()),
            Place("/metrics", (await self.get("/metrics"))[1].encode()),
        ]
        leaks = search(places, [*SHAPES, *await self._forbidden()])
        assert not leaks, leaks

    async def _forbidden(self) -> list[Forbidden]:
        sent = "\n".join(mail["text"] for mail in await self.stack.mails())
        environment = self.stack.environment
        return [
            *forbid("a name", {name for name, _ in self._people}),
            *forbid("an address", {email for _, email in self._people}),
            *forbid("a payment link's token", re.findall(r"/pay/(\S+)", sent)),
            *(one for variable, what in SECRETS.items() for one in forbid(what, environment[variable].split(","))),
            *forbid("the mail password", re.findall(r"//[^:]+:([^@]+)@", environment["DUNNING_MAIL_URL"])),
        ]


# For what one process counts, at once: the private side tells it within ten seconds.
PUBLIC_METRICS = {"DUNNING_PUBLIC_METRICS": "on"}


@asynccontextmanager
async def running_service(
    *, mint: LinkMint = LinkMint.CLICK, commands: tuple[str, ...] = ("webhooks", "worker")
) -> AsyncIterator[Service]:
    """Run the service, with a first mail that is due at once, and search it for leaks when the block is left."""
    async with running_stack(mint=mint, campaign=CAMPAIGN, settings=PUBLIC_METRICS, commands=commands) as stack:
        service = Service(stack)
        try:
            if "worker" in commands:  # before it has begun it knows nothing of SIGTERM
                await service.logged("worker", "worker.started")
            yield service
            await service.check_for_leaks()
        finally:
            await service.store.close()
            print(stack.logs())  # noqa: T201 - pytest shows it for a test that failed
    ends = {name: part.process.returncode for name, part in stack.parts.items()}
    assert not any(ends.values()), ends  # one that did not end by itself was killed
