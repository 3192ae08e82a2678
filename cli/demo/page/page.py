"""The page over HTTP: its files, the state it shows, and what its buttons do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import ClientError, web
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from cli.demo.page.cases import DemoCases
from cli.demo.page.fast_forward import FastForward
from cli.demo.page.scene import Json, RefusedError, Scene
from cli.demo.page.world import customers, webhooks
from cli.local_page.assets import ROUTE, asset
from cli.local_page.guard import MAIL_POLICY, guard, protect

# Past it nothing happens any more: a case is closed on day 35, and its link is dead on day 45.
FARTHEST = timedelta(days=60)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Decline(_Body):
    code: str = "expired_card"


class _Run(_Body):
    """Where to run time: to a moment, to the next stop, or nowhere."""

    to: AwareDatetime | None = None
    next_stop: bool = False


@dataclass(frozen=True, slots=True)
class DemoPage:
    """What the page shows. Without cases and time, it shows the world that somebody else's processes meet."""

    scene: Scene
    cases: DemoCases | None = None
    time: FastForward | None = None
    connect: dict[str, str] = field(default_factory=dict)
    screen: Callable[[], Awaitable[str]] | None = None
    """Makes a link that signs in to the private side's screen."""

    def app(self) -> web.Application:
        """Build the application."""
        app = web.Application(middlewares=[guard])
        app.on_response_prepare.append(protect)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get(f"/{ROUTE}", self._asset),
                web.get("/screen", self._screen),
                web.get("/state", self._state),
                web.get(r"/mails/{number:\d+}", self._mail),
                web.get(r"/mails/{number:\d+}/html", self._mail_html),
                web.post("/customers", self._doing(self._add_customer)),
                web.post("/subscriptions/{id}/decline", self._doing(self._decline)),
                web.post("/subscriptions/{id}/pay", self._doing(self._pay)),
                web.post("/subscriptions/{id}/cancel", self._doing(self._cancel)),
                web.post("/time", self._doing(self._run_time)),
            ]
        )
        return app

    async def _index(self, _request: web.Request) -> web.Response:
        return asset(__package__, "index.html")

    async def _asset(self, request: web.Request) -> web.Response:
        return asset(__package__, request.match_info["name"])

    async def _screen(self, _request: web.Request) -> web.Response:
        """Lead to the screen, by a link that signs in once."""
        if self.screen is None:
            raise web.HTTPNotFound
        raise web.HTTPSeeOther(await self.screen())

    async def _state(self, _request: web.Request) -> web.Response:
        world = await self.scene.world()
        mails = await self.scene.mails()
        state: Json = {
            "customers": customers(world),
            "mails": [_outlined(number, mail) for number, mail in enumerate(mails)],
            "connect": self.connect,
        }
        if self.cases is not None:
            state["cases"] = await self.cases.shown(world)
        else:
            state["webhooks"] = webhooks(world)
        if self.time is not None:
            target = self.time.target
            state["now"] = self.time.clock().isoformat(timespec="seconds")
            state["began_at"] = self.time.began_at.isoformat(timespec="seconds")
            state["running_to"] = target.isoformat(timespec="seconds") if target else None
        return web.json_response(state)

    async def _mail(self, request: web.Request) -> web.Response:
        mail = await self._find_mail(request)
        return web.json_response({"headers": mail["headers"], "text": mail["text"]})

    async def _mail_html(self, request: web.Request) -> web.Response:
        mail = await self._find_mail(request)
        headers = {"Content-Security-Policy": MAIL_POLICY}
        # As in a mail program, a link leaves the mail where it is.
        html = mail["html"].replace("<head>", '<head><base target="_blank">', 1)
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def _find_mail(self, request: web.Request) -> Json:
        mails = await self.scene.mails()
        number = int(request.match_info["number"])
        if number >= len(mails):
            raise web.HTTPNotFound
        return mails[number]

    def _doing(self, do: Callable[[web.Request], Awaitable[None]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Answer a button: with nothing, or with the sentence that says why not."""

        async def serve(request: web.Request) -> web.Response:
            try:
                if self.time is None:
                    await do(request)
                else:
                    async with self.time.standing:
                        await do(request)
            except RefusedError as error:
                return web.json_response({"error": str(error)}, status=HTTPStatus.CONFLICT)
            except ValidationError:
                return web.json_response({"error": "Not what this takes."}, status=HTTPStatus.BAD_REQUEST)
            except ClientError:
                return web.json_response({"error": "The twin does not answer."}, status=HTTPStatus.BAD_GATEWAY)
            return web.Response(status=HTTPStatus.NO_CONTENT)

        return serve

    async def _add_customer(self, _request: web.Request) -> None:
        await self.scene.add_customer()

    async def _decline(self, request: web.Request) -> None:
        asked = _Decline.model_validate_json(await request.read() or b"{}")
        await self.scene.decline(request.match_info["id"], asked.code)

    async def _pay(self, request: web.Request) -> None:
        await self.scene.pay(request.match_info["id"])

    async def _cancel(self, request: web.Request) -> None:
        await self.scene.cancel(request.match_info["id"])

    async def _run_time(self, request: web.Request) -> None:
        asked = _Run.model_validate_json(await request.read() or b"{}")
        if self.time is None:
            raise RefusedError("Time is real here: other processes go by it.")
        if asked.next_stop:
            if not await self.time.run_to_next_stop():
                raise RefusedError("Nothing is due: decline a renewal first.")
        elif asked.to is not None:
            self.time.run_to(_checked(asked.to, self.time.clock()))
        else:
            self.time.stop()


def _checked(moment: datetime, now: datetime) -> datetime:
    if moment <= now:
        raise RefusedError("Time runs forward only.")
    return min(moment, now + FARTHEST)


def _outlined(number: int, mail: Json) -> Json:
    headers = mail["headers"]
    case_id, _, step = headers.get("message-id", "").strip("<>").partition("@")[0].partition(".")
    return {
        "number": number,
        "subject": headers.get("subject", ""),
        "to": headers.get("to", ""),
        "date": headers.get("date", ""),
        "case_id": case_id,
        "step": step,
    }
