"""`dunning init`, from a pipe, in an empty folder, against the twin, a real mail server and a real Redis."""

import asyncio
import stat
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dotenv import dotenv_values

from cli.lab.mailbox.server import MailServer
from dunning.settings.env_file import ENV_FILE
from dunning.settings.load import bare_environment, load_settings
from paddle_twin import Twin

PUBLIC = "https://billing.example.com"
SENDER = "Acme Billing <billing@acme.example>"


@dataclass
class Desk:
    """Where somebody sits down to connect. The folder is empty."""

    twin: Twin
    mailbox: MailServer
    folder: Path
    redis_url: str

    @property
    def mail_url(self) -> str:
        return f"smtp://acme:right-password@127.0.0.1:{self.mailbox.port}"

    @property
    def answers(self) -> list[str]:
        """Every answer, in the order of the questions."""
        return [
            self.twin.api_key,
            PUBLIC,
            self.twin.portal_login_url,
            SENDER,
            "help@acme.example",
            self.mail_url,
            "me@acme.example",
            self.redis_url,
            "n",
        ]

    def file(self) -> dict[str, str | None]:
        return dotenv_values(self.folder / ".env", interpolate=False)

    def mode(self) -> int:
        return stat.S_IMODE((self.folder / ".env").stat().st_mode)

    def write(self, text: str) -> None:
        (self.folder / ".env").write_text(text)

    async def init(self, *answers: str, command: tuple[str, ...] = ("init",), **given: str) -> tuple[int, str]:
        """Run the command with these answers, and give its exit code and all that it says."""
        environment = {name: value for name, value in bare_environment().items() if name != ENV_FILE}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "cli.main", *command),
            cwd=self.folder,
            env=environment | {"DUNNING_PADDLE_API_URL": self.twin.url} | given,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        output, errors = await process.communicate("".join(f"{answer}\n" for answer in answers).encode())
        assert process.returncode is not None
        return process.returncode, output.decode() + errors.decode()


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Twin() as twin, MailServer(username="acme", password="right-password") as mailbox:
        yield Desk(twin, mailbox, tmp_path, redis_url)


async def test_every_answer_is_written_and_the_settings_are_whole_but_for_what_connect_adds(desk: Desk) -> None:
    code, said = await desk.init(*desk.answers)

    assert code == 0, said
    written = {name: value or "" for name, value in desk.file().items()}
    assert list(written) == [
        "DUNNING_PADDLE_API_KEY",
        "DUNNING_PUBLIC_URL",
        "DUNNING_PORTAL_LOGIN_URL",
        "DUNNING_MAIL_FROM",
        "DUNNING_MAIL_REPLY_TO",
        "DUNNING_MAIL_URL",
        "DUNNING_MAIL_REDIRECT",
        "DUNNING_REDIS_URL",
        "DUNNING_LINK_SECRETS",
    ]
    added = {"DUNNING_WEBHOOK_SECRETS": "pdl_ntfset_of0the0twin", "DUNNING_PADDLE_API_URL": desk.twin.url}
    assert load_settings(written | added).mail_redirect == "me@acme.example"
    assert desk.mode() == 0o600
    assert "ok: The sandbox account acc_" in said
    assert "logs us in and takes DUNNING_MAIL_FROM as the sender." in said
    assert "ok: Redis answers and accepts writes." in said
    assert "dunning connect" in said.rpartition("Next:")[2]


async def test_no_secret_is_echoed(desk: Desk) -> None:
    _, said = await desk.init(*desk.answers)

    for secret in (desk.twin.api_key, "right-password", desk.file()["DUNNING_LINK_SECRETS"]):
        assert secret
        assert secret not in said


async def test_a_second_run_asks_nothing_and_changes_nothing(desk: Desk) -> None:
    await desk.init(*desk.answers)
    before = desk.file()

    code, said = await desk.init()

    assert code == 0, said
    assert "Nothing to ask" in said
    assert desk.file() == before


async def test_what_may_be_left_open_is_asked_once(desk: Desk) -> None:
    key, public, portal, sender, _, mail, _, _, retain = desk.answers
    await desk.init(key, public, portal, sender, "", mail, "", "", retain)

    code, said = await desk.init()

    assert code == 0, said
    assert desk.file()["DUNNING_REDIS_URL"] == ""
    assert "Nothing to ask" in said


async def test_an_answer_that_is_wrong_is_told_at_once_and_asked_again(desk: Desk) -> None:
    key, public, portal, sender, reply_to, mail, redirect, redis, retain = desk.answers
    code, said = await desk.init(
        *("test_7d279f61a3499fed520f7cd8c08", key),
        *(f"{public}/pay", public),
        *("https://customer-portal.paddle.com/login/cpl_1", portal),
        *(sender, "nobody", reply_to, mail, redirect, redis, retain),
    )

    assert code == 0, said
    for wrong in ("PADDLE_API_KEY: it is a client-side token", "PUBLIC_URL: it has a path", "MAIL_REPLY_TO: "):
        assert f"DUNNING_{wrong}" in said
    assert "DUNNING_PORTAL_LOGIN_URL: it is a portal page that belongs to another environment than the API key" in said
    assert desk.file()["DUNNING_PUBLIC_URL"] == public


async def test_what_does_not_work_is_kept_only_if_wanted(desk: Desk) -> None:
    key, public, portal, sender, reply_to, mail, redirect, redis, retain = desk.answers
    code, said = await desk.init(
        *("pdl_sdbx_apikey_of0nobody", "n", key),
        *(public, portal, sender, reply_to),
        *(mail.replace("right", "wrong"), "n", mail),
        *(redirect, "redis://127.0.0.1:9/0", "y", retain),
    )

    assert code == 0, said
    assert "the API key is missing, wrong, revoked, or of Paddle's other environment" in said
    assert "does not let us in (smtp_login_535)" in said
    assert desk.file()["DUNNING_PADDLE_API_KEY"] == key
    assert desk.file()["DUNNING_MAIL_URL"] == mail
    assert desk.file()["DUNNING_REDIS_URL"] == "redis://127.0.0.1:9/0"
    assert redis != "redis://127.0.0.1:9/0"


async def test_a_run_that_breaks_off_is_gone_on_with(desk: Desk) -> None:
    code, _ = await desk.init(*desk.answers[:3])
    left = desk.answers[3:]
    again, said = await desk.init(*left)

    assert code == 1
    assert again == 0, said
    assert desk.file()["DUNNING_MAIL_FROM"] == SENDER


async def test_what_is_there_is_neither_asked_for_nor_changed_and_a_placeholder_is(desk: Desk) -> None:
    secret = "one-link-secret-of-at-least-32-letters"
    desk.write(f"# ours\nDUNNING_LINK_SECRETS={secret}\nDUNNING_PUBLIC_URL=https://replace_me.example\nOTHER=1\n")
    key, public, *rest = desk.answers

    code, said = await desk.init(public, *rest, DUNNING_PADDLE_API_KEY=key)

    assert code == 0, said
    assert "DUNNING_PUBLIC_URL: it still holds a placeholder" in said
    assert desk.file()["DUNNING_PUBLIC_URL"] == public
    assert desk.file()["DUNNING_LINK_SECRETS"] == secret
    assert desk.file()["OTHER"] == "1"
    assert "DUNNING_PADDLE_API_KEY" not in desk.file()


async def test_a_live_key_is_not_asked_for_a_redirect(desk: Desk) -> None:
    desk.twin.api.api_key = "pdl_live_apikey_of0a0live0account"
    answers = [answer for answer in desk.answers if answer != "me@acme.example"]

    code, said = await desk.init(*answers)

    assert code == 0, said
    assert "DUNNING_MAIL_REDIRECT" not in desk.file()
    assert "ok: The live account acc_" in said


async def test_a_key_that_does_not_tell_its_world_is_asked_for_it(desk: Desk) -> None:
    desk.twin.api.api_key = "an0old0key0without0a0prefix"
    key, *rest = [answer for answer in desk.answers if answer != "me@acme.example"]

    code, said = await desk.init(key, "nowhere", desk.twin.url, *rest, DUNNING_PADDLE_API_URL="")

    assert code == 0, said
    assert "DUNNING_PADDLE_API_URL: it starts with neither https:// nor http://" in said
    assert desk.file()["DUNNING_PADDLE_API_URL"] == desk.twin.url
    assert "account acc_" in said


async def test_a_placeholder_that_connect_fills_in_is_left_to_it(desk: Desk) -> None:
    desk.write("DUNNING_WEBHOOK_SECRETS=pdl_ntfset_replace_me\n")

    code, said = await desk.init(*desk.answers)

    assert code == 0, said
    assert "DUNNING_WEBHOOK_SECRETS" not in said


async def test_the_example_environment_is_filled_in(desk: Desk) -> None:
    desk.write((Path(__file__).parents[2] / "deploy" / "env.example").read_text(encoding="utf-8"))
    key, public, portal, sender, reply_to, mail, redirect, _, retain = desk.answers

    # Where Redis is, the example says.
    code, said = await desk.init(key, public, portal, sender, reply_to, mail, redirect, retain)

    assert code == 0, said
    left = {name for name, value in desk.file().items() if "replace_me" in str(value)}
    assert left == {"DUNNING_WEBHOOK_SECRETS"}
    assert desk.file()["DUNNING_REDIS_URL"] == "redis://127.0.0.1:6379/0"


async def test_retains_mails_are_warned_of(desk: Desk) -> None:
    _, said = await desk.init(*desk.answers[:-1], "y")

    assert "switch *payment recovery emails* off" in said


async def test_another_file_may_be_named_and_is_made(desk: Desk) -> None:
    code, said = await desk.init(*desk.answers, command=("--env-file", "staging.env", "init"))

    assert code == 0, said
    assert "The settings are in" in said
    assert not desk.file()
    assert dotenv_values(desk.folder / "staging.env")["DUNNING_PUBLIC_URL"] == PUBLIC


async def test_what_the_environment_sets_wrongly_is_to_be_mended_there(desk: Desk) -> None:
    code, said = await desk.init(*desk.answers, DUNNING_MAIL_FROM="nobody")

    assert code == 1
    assert "DUNNING_MAIL_FROM is set already, and would go over .env." in said
