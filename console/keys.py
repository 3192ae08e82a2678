"""What the application carries for its handlers."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from console.ports import Backstage
from dunning.casebook.campaigns import Campaigns
from dunning.links import Links
from dunning.paddle_api.client import PaddleClient
from dunning.settings.load import Settings
from dunning.store import AccessToken, Store

Clock = Callable[[], datetime]

SETTINGS = web.AppKey("settings", Settings)
CLOCK = web.AppKey[Clock]("clock")
LINKS = web.AppKey("links", Links)
STORE = web.AppKey("store", Store)
CAMPAIGNS = web.AppKey("campaigns", Campaigns)
PADDLE = web.AppKey("paddle", PaddleClient)
BACKSTAGE = web.AppKey[Backstage]("backstage")

TOKEN = web.RequestKey("token", AccessToken)
"""Which program asks."""
