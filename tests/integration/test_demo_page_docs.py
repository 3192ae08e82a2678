"""The examples of docs/demo.md work as they are written there."""

import asyncio
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cli.demo.page.ports import Ports
from cli.demo.page.serve import Served, serving
from dunning.settings.load import load_settings

DOCS = Path(__file__).parents[2] / "docs" / "demo.md"
EXAMPLES = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AFTER = "### A declined renewal"

needs_programs = pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "jq"))), reason="needs curl and jq")


@needs_programs
async def test_every_example_works() -> None:
    script = "\n".join(EXAMPLES.findall(DOCS.read_text(encoding="utf-8").partition(AFTER)[2]))

    async with serving(Ports(0, 0, 0, 0), webhook_url="http://127.0.0.1:9/") as served:
        said, errors, code = await run(at_its_ports(script, served))

    assert (errors, code) == ("", 0)
    assert '"past_due"' in said
    assert '"event_type": "transaction.payment_failed"' in said
    assert '"status": "canceled"' in said


def test_the_ports_are_those_that_the_page_says() -> None:
    documented = [int(port) for port in re.findall(r"^\| `--[a-z-]*port` \| (\d+)", DOCS.read_text(), re.MULTILINE)]

    assert documented == [Ports().page, Ports().twin, Ports().smtp, Ports().mailbox]


async def test_with_the_variables_it_prints_and_those_the_page_adds_dunning_starts() -> None:
    added = dict(re.findall(r"^export (DUNNING_\w+)=(.+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    added |= {
        "DUNNING_LINK_SECRETS": "0123456789abcdef" * 4,
        "DUNNING_MAIL_FROM": added["DUNNING_MAIL_FROM"].strip("'"),
    }

    async with serving(Ports(0, 0, 0, 0), webhook_url="http://127.0.0.1:9/") as served:
        settings = load_settings(served.settings | added, redis_required=False)

    assert settings.paddle.api_url == served.twin_url
    assert settings.portal_login_url == f"{served.twin_url}/login/cpl_demo"


def at_its_ports(script: str, served: Served) -> str:
    """Put the ports that were free in place of the usual ones."""
    for usual, url in ((Ports().twin, served.twin_url), (Ports().mailbox, served.mailbox_url)):
        script = script.replace(f"127.0.0.1:{usual}", urlsplit(url).netloc)
    return script


async def run(script: str) -> tuple[str, str, int | None]:
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, errors = await shell.communicate()
    return said.decode(), errors.decode(), shell.returncode
