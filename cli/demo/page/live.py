"""The demo: the real service, a world around it, and a page that shows both, until it is interrupted."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.demo.page.cases import DemoCases
from cli.demo.page.fast_forward import FastForward
from cli.demo.page.page import DemoPage
from cli.demo.page.ports import Ports
from cli.demo.page.scene import Scene
from cli.lab.clock import ShiftedClock
from cli.lab.stack import Stack, StackError, running_stack
from cli.local_page.listen import listening
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.settings.load import LinkMint
from dunning.store import Store

USUAL = Ports()


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo."""

    url: str
    stack: Stack
    time: FastForward

    async def until_a_part_ends(self) -> None:
        """Wait for a process that ends by itself, which none should.

        Raises:
            StackError: one did.
        """
        waiting = {asyncio.create_task(part.process.wait()): name for name, part in self.stack.parts.items()}
        try:
            ended, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        name = waiting[ended.pop()]
        raise StackError(f"{name} ended: {self.stack.last_words(name)}")


@asynccontextmanager
async def running_demo(port: int | None) -> AsyncIterator[Demo]:
    """Run the service with the shipped campaign, some customers, and the page.

    Args:
        port: where to serve the page; None for the usual one, or a free one where that is taken.

    Raises:
        ConfigurationError: the port is taken.
        StackError: a process did not start.
    """
    (campaign,) = parse_campaigns(shipped(), "default.toml")
    with tempfile.TemporaryDirectory(prefix="dunning-clock-") as folder:
        clock = ShiftedClock(Path(folder) / "ahead")
        async with running_stack(mint=LinkMint.CLICK, campaign=shipped(), clock=clock) as stack:
            scene = Scene(stack.http, stack.twin_url, stack.mailbox_url)
            await scene.fill()
            store = Store.open(stack.server.url, rate_limit=1)
            cases = DemoCases(scene, store, campaign)
            time = FastForward(clock, cases)
            running = asyncio.create_task(time.run())
            try:
                async with listening(DemoPage(scene, cases, time).app(), port, usual=USUAL.page) as url:
                    yield Demo(url, stack, time)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await store.close()
