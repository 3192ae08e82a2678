"""The commands of *Connect it in five minutes*, one after the other, from an empty folder, against the twin."""

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from cli.lab.ports import free_port
from dunning.settings.env_file import ENV_FILE
from dunning.settings.load import bare_environment
from tests.until import until

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def announcing(*module: str) -> AsyncIterator[dict[str, str]]:
    """Run a process that says in a line of JSON where it is."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-m", *module, stdout=PIPE, stdin=PIPE)
    assert process.stdout is not None
    try:
        told: dict[str, str] = json.loads(await process.stdout.readline())
        yield told
    finally:
        process.terminate()
        await process.wait()


@dataclass
class Founder:
    """Somebody with an empty folder, an account at the twin and a mailbox."""

    folder: Path
    twin: dict[str, str]
    mailbox: dict[str, str]
    http: ClientSession
    port: int = field(default_factory=free_port)

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, *command: str) -> Process:
        environment = {name: value for name, value in bare_environment().items() if name != ENV_FILE}
        environment |= {
            "XDG_STATE_HOME": str(self.folder / "state"),
            # What the twin needs, and Paddle does not.
            "DUNNING_PADDLE_API_URL": self.twin["url"],
            "DUNNING_HOST": "127.0.0.1",
            "DUNNING_PORT": str(self.port),
        }
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "cli.main", *command),
            cwd=self.folder,
            env=environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def run(self, *command: str, answers: str = "") -> tuple[int | None, str]:
        """Run a command to its end, and give its exit code and what it said."""
        process = await self.start(*command)
        said, _ = await process.communicate(answers.encode())
        return process.returncode, said.decode()

    async def init(self) -> tuple[int | None, str]:
        answers = [
            *(self.twin["api_key"], self.public_url, self.twin["portal_login_url"]),
            *("Lantern Software <billing@lantern.example>", "", self.mailbox["smtp"]),
            *("me@lantern.example", "", "n"),
        ]
        return await self.run("init", answers="\n".join([*answers, ""]))

    async def mail(self) -> dict[str, Any]:
        """Wait for the first mail."""

        async def first() -> dict[str, Any] | None:
            async with self.http.get(f"{self.mailbox['http']}/mails") as response:
                mails: list[dict[str, Any]] = await response.json()
                return mails[0] if mails else None

        return await until(first)

    async def is_ready(self) -> bool:
        try:
            async with self.http.get(f"{self.public_url}/readyz") as response:
                return response.status == 200
        except ClientError:
            return False


@pytest.fixture
async def founder(tmp_path: Path) -> AsyncIterator[Founder]:
    async with (
        announcing("paddle_twin") as twin,
        announcing("cli.lab.mailbox.server", "--password", "of0letters0and0digits") as mailbox,
        ClientSession() as http,
    ):
        yield Founder(tmp_path, twin, mailbox, http)


@asynccontextmanager
async def running_up(founder: Founder) -> AsyncIterator[None]:
    up = await founder.start("up")
    try:
        await until(founder.is_ready)
        yield
        up.send_signal(signal.SIGTERM)
        await up.communicate()
        assert up.returncode == 0
    finally:
        if up.returncode is None:
            up.kill()


async def test_from_an_empty_folder_to_the_click(founder: Founder) -> None:
    assert (said := await founder.init())[0] == 0, said
    assert (said := await founder.run("connect", "--yes"))[0] == 0, said
    assert (before := await founder.run("doctor"))[0] == 0, before

    async with running_up(founder):
        code, found = await founder.run("doctor", "--json")
        trying = await founder.start("try", "--patience", "60s")
        mail = await founder.mail()
        link = next(line for line in mail["text"].splitlines() if line.startswith(founder.public_url))
        async with founder.http.post(link) as page:
            landed = await page.text()
        told, _ = await trying.communicate()
        stopped = await founder.run("cases", "list", "--json")

    levels = [finding["level"] for finding in json.loads(found)["findings"]]
    assert code == 0
    assert {"failure", "warning"}.isdisjoint(levels), found
    assert mail["recipients"] == ["me@lantern.example"]
    assert 'data-page="update"' in landed
    assert trying.returncode == 0, told.decode()
    assert [line[:2] for line in told.decode().splitlines() if re.match(r"\d\. ", line)] == ["1.", "2.", "3.", "4."]
    assert len(json.loads(stopped[1])["cases"]) == 1


async def test_without_a_destination_trying_says_what_is_missing(founder: Founder) -> None:
    await founder.init()
    with (founder.folder / ".env").open("a") as file:
        file.write("DUNNING_WEBHOOK_SECRETS=pdl_ntfset_of0no0destination\n")

    async with running_up(founder):
        code, said = await founder.run("try", "--patience", "2s")

    assert code == 1
    assert "No further: Dunning heard of no declined renewal in time." in said
    assert "nothing is heard from Paddle. Run `dunning connect`." in said


def test_the_commands_are_those_of_the_readme() -> None:
    five_minutes = (ROOT / "README.md").read_text().partition("## Connect it in five minutes")[2].partition("\n## ")[0]
    shown = re.findall(r"^dunning (\w+)", five_minutes, re.MULTILINE)

    assert shown[:5] == ["init", "connect", "doctor", "up", "try"]
