"""The demo: the real service, a world around it, and a page that shows both, until it is interrupted."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.demo.page.cases import DemoCases
from cli.demo.page.fast_forward import FastForward
from cli.demo.page.month import Month
from cli.demo.page.page import DemoPage
from cli.demo.page.ports import Ports
from cli.demo.page.scene import Scene
from cli.lab.clock import ShiftedClock
from cli.lab.ports import free_port
from cli.lab.stack import Stack, StackError, running_stack
from cli.local_page.listen import listening
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.people import PersonRole, Use, make_pass
from dunning.settings.load import LinkMint
from dunning.store import SignInLink, Store

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
async def running_demo(port: int | None, *, screen: bool = False, month: int = 0) -> AsyncIterator[Demo]:
    """Run the service with the shipped campaign, some customers, and the page.

    Args:
        port: where to serve the page; None for the usual one, or a free one where that is taken.
        screen: whether the private side's screen is served too.
        month: how many people's renewals were declined in a month before it begins.

    Raises:
        ConfigurationError: the port is taken.
        StackError: a process did not start.
    """
    (campaign,) = parse_campaigns(shipped(), "default.toml")
    with tempfile.TemporaryDirectory(prefix="dunning-clock-") as folder:
        clock = ShiftedClock(Path(folder) / "ahead")
        console_port = free_port()
        settings = {"DUNNING_CONSOLE_PORT": str(console_port)}
        async with running_stack(mint=LinkMint.CLICK, campaign=shipped(), clock=clock, settings=settings) as stack:
            scene = Scene(stack.http, stack.twin_url, stack.mailbox_url)
            await scene.fill()
            store = Store.open(stack.server.url, rate_limit=1)
            cases = DemoCases(scene, store, campaign)
            if month:
                await Month(scene, cases, clock, stack.public_url, month).play()
            time = FastForward(clock, cases)

            async def sign_in() -> str:
                """Make a link to the screen. Time runs in days here, so that each is dead soon, and so is a session."""
                made = make_pass(Use.SIGN_IN, stack.environment["DUNNING_LINK_SECRETS"])
                await store.people.add_link(SignInLink(made.id, "demo", PersonRole.OPERATOR, clock(), made.digest))
                return f"http://127.0.0.1:{console_port}/sign-in/{made.text}"

            if screen:
                await stack.run("console", "cli.plan.clocked_console", str(clock.path), "--until-stdin-closes")
                await stack.until_logged("console", "console.listening")
            running = asyncio.create_task(time.run())
            try:
                async with listening(
                    DemoPage(scene, cases, time, screen=sign_in if screen else None).app(), port, usual=USUAL.page
                ) as url:
                    yield Demo(url, stack, time)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await store.close()
