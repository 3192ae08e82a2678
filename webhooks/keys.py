"""What the application carries for its handlers."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from dunning.links import Links
from dunning.paddle import PaddleClient
from dunning.settings import Settings
from dunning.store import Store
from webhooks.deadlines import Deadlines
from webhooks.metrics import Metrics
from webhooks.pages import Pages

Clock = Callable[[], datetime]

SETTINGS = web.AppKey("settings", Settings)
CLOCK = web.AppKey[Clock]("clock")
DEADLINES = web.AppKey("deadlines", Deadlines)
METRICS = web.AppKey("metrics", Metrics)
LINKS = web.AppKey("links", Links)
PAGES = web.AppKey("pages", Pages)
STORE = web.AppKey("store", Store)
PADDLE = web.AppKey("paddle", PaddleClient)
