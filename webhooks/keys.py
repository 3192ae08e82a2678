"""What the application carries for its handlers."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from dunning.links import LinkClaim, Links
from dunning.paddle_api.client import PaddleClient
from dunning.settings.load import Settings
from dunning.store import Store
from webhooks.body_budget import BodyBudget
from webhooks.deadlines import Deadlines
from webhooks.limits import Limits
from webhooks.metrics import Metrics
from webhooks.pages import Pages
from webhooks.sparing_log import SparingLog

Clock = Callable[[], datetime]

SETTINGS = web.AppKey("settings", Settings)
CLOCK = web.AppKey[Clock]("clock")
DEADLINES = web.AppKey("deadlines", Deadlines)
LIMITS = web.AppKey("limits", Limits)
BODIES = web.AppKey("bodies", BodyBudget)
SPARING_LOG = web.AppKey("sparing_log", SparingLog)
METRICS = web.AppKey("metrics", Metrics)
LINKS = web.AppKey("links", Links)
PAGES = web.AppKey("pages", Pages)
STORE = web.AppKey("store", Store)
CLAIM = web.RequestKey("claim", LinkClaim)
"""What the request's link says, once it is known to be ours."""
PADDLE = web.AppKey("paddle", PaddleClient)
