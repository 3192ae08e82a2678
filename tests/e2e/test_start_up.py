"""A wrong start tells all that is wrong with it, a line each, and nothing else."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from dunning.settings.load import bare_environment
from tests.dunning_process import ENVIRONMENT

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

# In the order in which they are told.
WRONG = {
    "PADDLE_API_URL": "nowhere",
    "PADDLE_RATE_LIMIT": "0",
    "WEBHOOK_SECRETS": "s3cret,",
    "WEBHOOK_TOLERANCE": "a while",
    "LINK_SECRETS": "s3cret",
    "LINK_MINT": "clik",
    "PUBLIC_URL": "billing.example.com",
    "PORTAL_LOGIN_URL": "ftp://paddle.com",
    "REDIS_URL": "http://:s3cret@127.0.0.1",
    "MAIL_URL": "smtp://mailer:s3cret@mail.example.com:99999",
    "MAIL_FROM": "nobody",
    "MAIL_REPLY_TO": "nobody",
    "MAIL_REDIRECT": "nobody",
    "CAMPAIGN_FILE": "/nowhere/campaign.toml",
    "TEMPLATES": "/nowhere/templates",
    "BREAKER": "sometimes",
    "HOST": "not a host",
    "PORT": "eighty",
    "PORTT": "80",
}


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
async def test_each_wrong_or_unknown_variable_has_its_line_which_does_not_hold_its_value(command: str) -> None:
    exit_code, lines, output = await start(command, PADDLE_API_KEY="pdl_sdbx_s3cret", **WRONG)

    assert (exit_code, output) == (2, "")
    assert [line.partition(":")[0] for line in lines] == [f"DUNNING_{name}" for name in WRONG]
    assert not any("s3cret" in line or "Traceback" in line for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
async def test_the_example_environment_starts_nothing_until_it_is_filled_in(command: str) -> None:
    lines = (Path(__file__).parents[2] / "deploy" / "env.example").read_text(encoding="utf-8").splitlines()
    example = dict(line.removeprefix("DUNNING_").split("=", 1) for line in lines if line.startswith("DUNNING_"))

    exit_code, told, output = await start(command, **example)

    assert (exit_code, output) == (2, "")
    assert {line.partition(": ")[0] for line in told} == {*REQUIRED, "DUNNING_MAIL_REDIRECT"}
    assert len(told) == len(example) - 1  # all but where Redis is, which may be right as it stands
    assert all("placeholder" in line and "replace_me.example" not in line for line in told)


async def test_a_wrong_campaign_file_and_a_file_of_secrets_that_is_not_there_are_told_with_the_rest(
    tmp_path: Path,
) -> None:
    campaign = tmp_path / "campaign.toml"
    campaign.write_text('[campaign.renewal]\non = "renewal_faild"\n')

    exit_code, lines, _ = await start(
        "worker", LINK_SECRETS_FILE=str(tmp_path / "none"), CAMPAIGN_FILE=str(campaign), PORT="eighty"
    )

    told = {line.partition(":")[0] for line in lines}
    assert exit_code == 2
    assert told == {*REQUIRED, REDIS, "DUNNING_CAMPAIGN_FILE", "DUNNING_PORT"}
    assert any(line.startswith(f"DUNNING_CAMPAIGN_FILE: {campaign}:2: ") for line in lines)


@pytest.mark.parametrize("command", ["worker", "up"])
async def test_a_broken_template_is_told_with_its_line(command: str, tmp_path: Path, redis_url: str) -> None:
    (tmp_path / "reminder.txt").write_text("Hello\n{{ name")
    right = ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url, "DUNNING_TEMPLATES": str(tmp_path)}

    exit_code, lines, _ = await start(command, **{name.removeprefix("DUNNING_"): right[name] for name in right})

    told = [line for line in lines if not line.startswith("{")]
    assert exit_code == (2 if command == "worker" else 1)
    assert [line.partition(" ")[0] for line in told] == [f"{tmp_path}/reminder.txt:2:"]
