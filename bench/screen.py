"""Pages of the screen as a browser gets them: the private side in this process, and somebody signed in."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import ClientSession, DummyCookieJar, web
from pydantic import SecretStr

from bench.figures import percentile
from bench.service import BrokenError
from cli.plan.backstage import Backstage
from console.app import create_app
from console.keys import STORE
from dunning.people import PersonRole, Use, make_pass
from dunning.settings.load import Settings
from dunning.store import SignInLink

TIMES = 20

Load = Callable[[str], Awaitable[float]]


@asynccontextmanager
async def screen(settings: Settings, redis_url: str) -> AsyncIterator[Load]:
    """Give what loads a page several times, and returns the median of the milliseconds that it took."""
    settings = replace(settings, redis_url=SecretStr(redis_url))
    app = create_app(settings, Backstage(settings))
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        made = make_pass(Use.SIGN_IN, settings.link_secrets[0].get_secret_value())
        link = SignInLink(made.id, "bench", PersonRole.VIEWER, datetime.now(UTC), made.digest)
        await app[STORE].people.add_link(link)
        async with ClientSession(cookie_jar=DummyCookieJar()) as http:
            async with http.post(f"{url}/sign-in/{made.text}", allow_redirects=False) as signed_in:
                cookies = {name: value.value for name, value in signed_in.cookies.items()}

            async def load(path: str) -> float:
                took = []
                for _ in range(TIMES):
                    began = time.perf_counter()
                    async with http.get(url + path, cookies=cookies, allow_redirects=False) as page:
                        await page.read()
                    took.append(1000 * (time.perf_counter() - began))
                    if page.status != HTTPStatus.OK:
                        raise BrokenError(f"{path} answered {page.status}")
                return percentile(took, 50)

            yield load
    finally:
        await runner.cleanup()
