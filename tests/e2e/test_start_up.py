"""A wrong start tells all that is wrong with it, a line each, and nothing else."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from dunning.settings import bare_environment

REQUIRED = (
    "DUNNING_PADDLE_API_KEY",
    "DUNNING_WEBHOOK_SECRETS",
    "DUNNING_LINK_SECRETS",
    "DUNNING_PUBLIC_URL",
    "DUNNING_PORTAL_LOGIN_URL",
    "DUNNING_MAIL_URL",
    "DUNNING_MAIL_FROM",
)
REDIS = "DUNNING_REDIS_URL"
COMMANDS = ("webhooks", "worker", "up")


async def start(command: str, **settings: str) -> tuple[int | None, list[str], str]:
    """Start a command with these settings alone, and give its exit code, its lines of error and its output."""
    environment = bare_environment() | {f"DUNNING_{name}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli.main", command, env=environment, stdout=PIPE, stderr=PIPE
    )
    output, errors = await process.communicate()
    return process.returncode, errors.decode().splitlines(), output.decode()


@pytest.mark.parametrize("command", COMMANDS)
async def test_each_missing_variable_has_its_line(command: str) -> None:
    exit_code, lines, output = await start(command)

    missing = {*REQUIRED} if command == "up" else {*REQUIRED, REDIS}
    assert (exit_code, output) == (2, "")
    assert {line.partition(":")[0] for line in lines} == missing
    assert len(lines) == len(missing)
    assert all("; it should be " in line for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
async def test_each_wrong_or_unknown_variable_has_its_line_which_does_not_hold_its_value(
    command: str, tmp_path: Path
) -> None:
    campaign = tmp_path / "campaign.toml"
    campaign.write_text('[campaign.renewal]\non = "renewal_faild"\n')
    (tmp_path / "secrets").write_text("short")

    exit_code, lines, output = await start(
        command,
        PADDLE_API_KEY="k3y-without-environment",
        PADDLE_RATE_LIMIT="0",
        WEBHOOK_SECRETS=",",
        WEBHOOK_TOLERANCE="a while",
        LINK_SECRETS_FILE=str(tmp_path / "secrets"),
        LINK_MINT="clik",
        PUBLIC_URL="billing.example.com",
        PORTAL_LOGIN_URL="ftp://x",
        REDIS_URL="http://:s3cret@127.0.0.1",
        MAIL_URL="smtp://mailer:s3cret@mail.example.com:99999",
        MAIL_FROM="nobody",
        CAMPAIGN_FILE=str(campaign),
        TEMPLATES=str(tmp_path / "none"),
        HOST="not a host",
        PORT="eighty",
        PORTT="80",
    )

    names = "PADDLE_API_KEY PADDLE_API_URL PADDLE_RATE_LIMIT WEBHOOK_SECRETS WEBHOOK_TOLERANCE LINK_SECRETS LINK_MINT "
    names += "PUBLIC_URL PORTAL_LOGIN_URL REDIS_URL MAIL_URL MAIL_FROM CAMPAIGN_FILE TEMPLATES HOST PORT PORTT"
    told = [line.partition(":")[0].removeprefix("DUNNING_") for line in lines]
    assert (exit_code, output) == (2, "")
    assert {*names.split()} - {*told} <= {"PADDLE_API_KEY", "PADDLE_API_URL"}
    assert {"PADDLE_API_KEY", "PADDLE_API_URL"} & {*told}
    assert not any(value in line for line in lines for value in ("s3cret", "k3y-", "Traceback"))
