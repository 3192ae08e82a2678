"""Settings that are right, for tests to spoil."""

import pytest

from dunning.errors import ConfigurationError
from dunning.settings.load import load_settings

SECRET = "s3cr3t-w0rd"
GOOD = {
    "DUNNING_PADDLE_API_KEY": "pdl_live_apikey_" + SECRET,
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
