"""Settings that are right, for tests to spoil."""

import pytest

from dunning.errors import ConfigurationError
from dunning.settings.load import load_settings

SECRET = "s3cr3tw0rd"


def api_key(world: str) -> str:
    """Give a key in the shape of Paddle's, of its `live` or `sdbx` world."""
    return f"pdl_{world}_apikey_{SECRET}{SECRET}abcdef_{SECRET}{SECRET}XY_Z9z"


GOOD = {
    "DUNNING_PADDLE_API_KEY": api_key("live"),
    "DUNNING_WEBHOOK_SECRETS": "pdl_ntfset_" + SECRET,
    "DUNNING_LINK_SECRETS": SECRET * 6,
    "DUNNING_PUBLIC_URL": "https://billing.example.com",
    "DUNNING_PORTAL_LOGIN_URL": "https://customer-portal.paddle.com/login/cpl_1",
    "DUNNING_REDIS_URL": "redis://localhost:6379/0",
    "DUNNING_MAIL_URL": "smtp://localhost:25",
    "DUNNING_MAIL_FROM": "Acme Billing <billing@example.com>",
}


def problems_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    return caught.value.problems
