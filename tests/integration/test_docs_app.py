"""The examples of docs/app.md run as they stand there, against the private side and the twin."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from dunning.access_token import Scope
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.debt_at_paddle import debt_at
from tests.integration.edge import NOW, settings

(CAMPAIGN,) = parse_campaigns(shipped(), "default.toml")
PAGE = Path("docs/app.md").read_text(encoding="utf-8")
# The one thing that Node before 22.6 can't read in them is a type behind a name.
TYPES = re.compile(r"\??: (?:string|unknown|Date)\b")

PYTHON = """
import sys
from datetime import datetime
customer, subscription, *moments = sys.argv[1:]
print(json.dumps({
    "banner": banner(customer),
    "link": manage_billing(customer, subscription),
    "access": [has_access(customer, datetime.fromisoformat(one)) for one in moments],
}))
"""
NODE = """
const [customer, subscription, ...moments] = process.argv.slice(2);
console.log(JSON.stringify({
  banner: await banner(customer),
  link: await manageBilling(customer, subscription),
  access: await Promise.all(moments.map((one) => hasAccess(customer, new Date(one)))),
}));
"""


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture
async def console(redis_url: str, twin: Twin) -> AsyncIterator[ConsoleSide]:
    of = settings(
        redis_url, PADDLE_API_URL=twin.url, PADDLE_API_KEY=twin.api_key, PORTAL_LOGIN_URL=twin.portal_login_url
    )
    async with running_console(of) as side:
        yield side


@pytest.mark.parametrize(
    ("program", "suffix", "source"),
    [
        ("python3", "py", example("python") + PYTHON),
        ("node", "mjs", TYPES.sub("", example("typescript")) + NODE),
    ],
    ids=["python", "typescript"],
)
async def test_the_examples_tell_who_owes_and_lead_to_paddle(  # noqa: PLR0917 - fixtures
    console: ConsoleSide, twin: Twin, redis_url: str, tmp_path: Path, program: str, suffix: str, source: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    case = debt_at(twin, CAMPAIGN)
    store = Store.open(redis_url, rate_limit=1)
    await store.campaigns.keep([CAMPAIGN])
    await store.cases.commit(case, 0, due_at=None, now=NOW)
    await store.close()
    file = tmp_path / f"example.{suffix}"
    file.write_text(source)
    moments = [(NOW + timedelta(days=days)).isoformat() for days in (13, 15)]

    process = await asyncio.create_subprocess_exec(
        program,
        str(file),
        case.customer_id,
        case.subscription_id,
        *moments,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "CONSOLE_URL": str(console.url),
            "CONSOLE_TOKEN": await console.token(Scope.LINKS, Scope.READ),
        },
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    told = json.loads(said)

    assert told["banner"]["link"].startswith("http://localhost/pay/")
    assert told["access"] == [True, False]
    async with console.http.get(told["link"]) as page:
        assert page.status == 200
