"""`dunning doctor`: a real Redis, the twin of Paddle, a real mail server and the HTTP edge, each well and ill."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from cli.connect.doctor.paddle import look_at_paddle
from cli.connect.doctor.public import look_at_public_address
from cli.lab.mailbox.server import MailServer
from cli.main import main
from dunning.findings import Level
from dunning.settings.env_file import ENV_FILE
from dunning.settings.load import Settings, load_settings
from dunning.store.server.address import announced
from dunning.store.server.embedded import EmbeddedServer
from dunning.time_limits import LARGEST_CLOCK_SKEW
from paddle_twin import Twin
from paddle_twin.faults import PlannedFault
from tests.integration.edge import running, settings
from tests.integration.tls_front import Certificate, make_certificate, tls_in_front_of
from tests.until import until

LINK_SECRET = "an-unguessable-text-of-32-letters"
NOBODY = "127.0.0.1:9"  # nobody listens on the discard port


@dataclass
class World:
    """What the doctor looks at. `given` are the variables, without their prefix."""

    twin: Twin
    mailbox: MailServer
    given: dict[str, str]

    async def run(self, *arguments: str, **changes: str) -> Result:
        """Run the command beside the loop that the world lives in."""
        environment = {f"DUNNING_{name}": value for name, value in (self.given | changes).items()}
        return await asyncio.to_thread(CliRunner().invoke, main, ["doctor", *arguments], env=environment)

    async def look(self, **changes: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
        """Give the exit code and, by what it is about, each finding's level and text."""
        result = await self.run("--json", **changes)
        found: dict[str, list[tuple[str, str]]] = {}
        for finding in json.loads(result.stdout)["findings"]:
            found.setdefault(finding["about"], []).append(
                (finding["level"], f"{finding['means']} {finding['do']}".strip())
            )
        return result.exit_code, found

    async def of(self, about: str, **changes: str) -> tuple[str, str]:
        """Give the one finding about this."""
        _, found = await self.look(**changes)
        (one,) = found[about]
        return one


@pytest.fixture
async def world(redis_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """Everything is well: connected, reachable, logged in."""
    async with AsyncExitStack() as stack:
        twin = await stack.enter_async_context(Twin())
        mailbox = await stack.enter_async_context(MailServer(username="acme", password="right"))
        edge = await stack.enter_async_context(running(settings(redis_url)))
        given = {
            "PADDLE_API_KEY": twin.api_key,
            "PADDLE_API_URL": twin.url,
            "WEBHOOK_SECRETS": twin.webhook_secret,
            "LINK_SECRETS": LINK_SECRET,
            "PUBLIC_URL": str(edge.url).rstrip("/"),
            "PORTAL_LOGIN_URL": twin.portal_login_url,
            "REDIS_URL": redis_url,
            "MAIL_URL": f"smtp://acme:right@127.0.0.1:{mailbox.port}",
            "MAIL_FROM": "Acme <billing@acme.example>",
            "MAIL_REPLY_TO": "help@acme.example",
            "MAIL_REDIRECT": "me@acme.example",
        }
        env_file = tmp_path / "env"
        env_file.write_text(
            "".join(f"DUNNING_{name}='{value}'\n" for name, value in given.items() if "WEBHOOK" not in name)
        )
        connected = await asyncio.to_thread(
            CliRunner().invoke, main, ["connect", "--yes"], env={ENV_FILE: str(env_file)}
        )
        assert connected.exit_code == 0, connected.output
        ((_, destination),) = twin.destinations.settings.items()
        given["WEBHOOK_SECRETS"] = destination["endpoint_secret_key"]
        yield World(twin, mailbox, given)


async def test_where_all_is_well_nothing_fails_and_nothing_warns(world: World) -> None:
    code, found = await world.look()

    levels = {about: {level for level, _ in lines} for about, lines in found.items()}
    assert code == 0
    assert {"failure", "warning"}.isdisjoint(level for some in levels.values() for level in some)
    assert {about for about, some in levels.items() if "ok" in some} == {
        *("settings", "settings.file", "redis", "redis.version", "redis.role", "redis.memory", "redis.eviction"),
        *("redis.persistence", "redis.clock", "paddle.key", "paddle.permissions", "paddle.clock"),
        *("paddle.destination", "paddle.deliveries", "mail", "public", "campaigns", "brands", "templates"),
    }
    assert world.mailbox.mails == []


async def test_lines_are_for_people_and_hold_no_secret(world: World) -> None:
    result = await world.run()

    assert result.exit_code == 0
    assert "0 failures, 0 warnings" in result.stdout
    for secret in ("PADDLE_API_KEY", "WEBHOOK_SECRETS", "LINK_SECRETS", "MAIL_REDIRECT"):
        assert world.given[secret] not in result.output
    assert "right" not in result.output


async def test_a_wrong_setting_fails_and_the_rest_is_looked_at_all_the_same(world: World) -> None:
    code, found = await world.look(PUBLIC_URL="nowhere", MAIL_FROM="nobody")

    assert code == 1
    assert [level for level, _ in found["settings"]] == ["failure", "failure"]
    assert found["settings"][0][1].startswith(
        "DUNNING_PUBLIC_URL: it starts with neither https:// nor http://. It should"
    )
    assert found["redis"][0][0] == found["paddle.key"][0][0] == "ok"
    assert "mail" not in found


async def test_a_file_of_secrets_that_others_may_read_warns(world: World, tmp_path: Path) -> None:
    path = tmp_path / "open"
    path.write_text("DUNNING_PORT=8080\n")
    path.chmod(0o644)
    level, text = await world.of("settings.file", ENV_FILE=str(path))
    path.chmod(stat.S_IRUSR)
    shut, _ = await world.of("settings.file", ENV_FILE=str(path))

    assert (level, shut) == ("warning", "ok")
    assert text.endswith(f"chmod 600 {path}")


async def test_a_file_that_can_not_be_read_fails_and_a_line_of_it_as_well(world: World, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("no setting\n")

    level, text = await world.of("settings", ENV_FILE=str(tmp_path / "bad"))
    missing, _ = await world.of("settings", ENV_FILE=str(tmp_path / "nowhere"))

    assert (level, missing) == ("failure", "failure")
    assert text == f"{tmp_path}/bad:1: the line can't be read. It should be NAME=value."


async def test_without_a_redis_to_look_at_that_is_a_note(world: World, tmp_path: Path) -> None:
    world.given["REDIS_URL"] = ""

    result = await asyncio.to_thread(
        CliRunner().invoke,
        main,
        ["doctor", "--json"],
        env={f"DUNNING_{name}": value for name, value in world.given.items()} | {"XDG_STATE_HOME": str(tmp_path)},
    )

    (redis,) = [one for one in json.loads(result.stdout)["findings"] if one["about"] == "redis"]
    assert redis["level"] == "note"


async def test_the_server_of_another_folder_is_found_if_it_is_named(world: World, tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "data") as server, announced(server):
        result = await world.run("--json", "--data", str(tmp_path / "data"), REDIS_URL="")

    found = {one["about"]: one["level"] for one in json.loads(result.stdout)["findings"]}
    assert found["redis"] == "ok"


async def test_an_old_key_without_permissions_is_a_note(world: World) -> None:
    async def root(_: web.Request) -> web.Response:
        return web.json_response({"data": {"caller": {"account": {"id": "acc_1"}, "permissions": None}}})

    app = web.Application()
    app.router.add_get("/", root)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        _, found = await world.look(PADDLE_API_URL=f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()

    assert found["paddle.permissions"] == [("note", "Could not look: Paddle does not say what the key may do.")]
    assert found["paddle.destination"][0][0] == "note"


@pytest.mark.parametrize(
    ("changes", "about", "level"),
    [
        ({"MAIL_REDIRECT": ""}, "settings.redirect", "warning"),
        ({"MAIL_REPLY_TO": ""}, "settings.reply_to", "note"),
        ({"REDIS_URL": f"redis://{NOBODY}"}, "redis", "failure"),
        ({"PADDLE_API_URL": f"http://{NOBODY}"}, "paddle", "failure"),
        ({"PADDLE_API_KEY": "pdl_sdbx_apikey_another"}, "paddle.key", "failure"),
        ({"WEBHOOK_SECRETS": "pdl_ntfset_another0secret"}, "paddle.destination", "failure"),
        ({"MAIL_URL": f"smtp://acme:right@{NOBODY}"}, "mail", "failure"),
        ({"MAIL_URL": "smtp://acme:wrong@127.0.0.1:{port}"}, "mail", "failure"),
        ({"MAIL_URL": "smtps://acme:right@127.0.0.1:{port}"}, "mail", "failure"),
        ({"MAIL_URL": "smtp://acme:right@127.0.0.1:{port}?tls=required"}, "mail", "failure"),
        ({"MAIL_URL": "console:"}, "mail", "note"),
        ({"MAIL_URL": "file:///nowhere/mails"}, "mail", "failure"),
        ({"MAIL_URL": "file:///tmp"}, "mail", "note"),
        ({"MAIL_URL": f"postmark://token@default?api_url=http://{NOBODY}"}, "mail", "failure"),
        ({"PUBLIC_URL": f"http://{NOBODY}"}, "public", "warning"),
        ({"PUBLIC_URL": "{twin}"}, "public", "failure"),
    ],
)
async def test_what_is_ill_is_told(world: World, changes: dict[str, str], about: str, level: str) -> None:
    given = {
        name: value.replace("{port}", str(world.mailbox.port)).replace("{twin}", world.twin.url)
        for name, value in changes.items()
    }

    code, found = await world.look(**given)

    (worst,) = [(one, text) for one, text in found[about] if one == level]
    assert worst
    assert (code == 1) == any(one == "failure" for lines in found.values() for one, _ in lines)


async def test_one_call_of_paddle_that_fails_is_no_finding_and_a_second_is(world: World) -> None:
    world.twin.api.faults.plan(PlannedFault("*", 503))
    once, _ = await world.look()
    world.twin.api.faults.plan(PlannedFault("*", 503, times=2))
    twice, found = await world.look()

    assert (once, twice) == (0, 1)
    assert found["paddle"][0][0] == "failure"
    assert "whether Paddle tells of an outage" in found["paddle"][0][1]


async def test_too_many_calls_are_waited_out(world: World) -> None:
    world.twin.api.faults.plan(PlannedFault("*", 429))

    code, found = await world.look()

    assert code == 1
    assert "Try again in a minute" in found["paddle"][0][1]


async def test_permissions_are_compared_with_what_is_needed(world: World) -> None:
    may = {"subscription.write", "subscription_history.read", "transaction.read", "notification.read", "customer.read"}
    world.twin.api.permissions = may

    code, found = await world.look()

    assert code == 1
    (lacks, lacking), (more, needless) = found["paddle.permissions"]
    assert (lacks, more) == ("failure", "note")
    assert lacking.startswith("The API key lacks address.read, customer_portal_session.write. Add that in Paddle > ")
    assert "nothing here needs: subscription.write (subscription.read is enough). Take that away in " in needless
    assert found["paddle.destination"][0][0] == "note"


async def test_a_permission_that_is_optional_is_a_note(world: World) -> None:
    world.twin.api.permissions.remove("subscription_history.read")

    code, found = await world.look()

    assert code == 0
    assert [level for level, _ in found["paddle.permissions"]][:2] == ["ok", "note"]
    assert found["paddle.permissions"][1][1].startswith(
        "The API key has no subscription_history.read, which is optional. With it, reports tell better what came before"
    )


@pytest.mark.parametrize(
    ("change", "level", "says"),
    [
        ({"active": False}, "failure", "active is no"),
        ({"subscribed_events": []}, "warning", "does not send transaction.payment_failed"),
        (
            {"destination": "https://elsewhere.example.com/webhooks/paddle"},
            "failure",
            "destination is https://elsewhere",
        ),
    ],
)
async def test_a_destination_that_does_not_send_here_is_told(
    world: World, change: dict[str, object], level: str, says: str
) -> None:
    ((setting_id, setting),) = world.twin.destinations.settings.items()
    world.twin.destinations.settings[setting_id] = setting | change

    _, found = await world.look()

    assert found["paddle.destination"][0][0] == level
    assert says in found["paddle.destination"][0][1]
    assert found["paddle.destination"][0][1].endswith("Run `dunning connect`.")


async def test_without_any_destination_nothing_is_heard(world: World) -> None:
    world.twin.destinations.settings.clear()

    level, text = await world.of("paddle.destination")

    assert level == "failure"
    assert "nothing is heard from Paddle. Run `dunning connect`." in text


async def test_deliveries_that_fail_are_counted(world: World) -> None:
    ((_, sender),) = world.twin.destinations.senders.items()
    sender.url = f"http://{NOBODY}"
    world.twin.world.decline(
        world.twin.world.add_subscription(world.twin.world.add_customer(name=None, email="a@b.example"))
    )

    async def tried() -> bool:
        return bool(sender.sent) and all(one.answers for one in sender.sent)

    await until(tried)
    level, text = await world.of("paddle.deliveries")

    assert level == "warning"
    assert " notifications failed or wait for another try." in text


async def test_a_sender_that_the_mail_server_refuses_is_told(world: World) -> None:
    world.mailbox.answer("mail", 550)

    level, text = await world.of("mail.sender")

    assert level == "failure"
    assert "does not take DUNNING_MAIL_FROM as the sender (smtp_mail_550)." in text


async def test_a_broken_template_fails(world: World, tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text("{{ nothing_of_the_kind }}")

    code, found = await world.look(TEMPLATES=str(tmp_path))

    assert code == 1
    assert found["templates"][0][0] == "failure"


async def test_clocks_that_differ_from_paddles_are_a_failure(world: World) -> None:
    read = load_settings({f"DUNNING_{name}": value for name, value in world.given.items()})

    findings = await look_at_paddle(read.paddle, None, datetime.now(UTC) + 10 * LARGEST_CLOCK_SKEW)

    (clock,) = [finding for finding in findings if finding.about == "paddle.clock"]
    assert clock.level is Level.FAILURE


@pytest.fixture
async def behind_tls(world: World, tmp_path: Path) -> AsyncIterator[tuple[Settings, Certificate]]:
    """Put TLS in front of the edge, with a certificate of two days, and read the settings that lead there."""
    certificate = make_certificate(tmp_path)
    async with tls_in_front_of(world.given["PUBLIC_URL"], certificate) as address:
        port = address.rpartition(":")[2].partition("/")[0]
        given = world.given | {"PUBLIC_URL": f"https://localhost:{port}"}
        yield load_settings({f"DUNNING_{name}": value for name, value in given.items()}), certificate


async def test_a_certificate_that_nobody_vouches_for_fails(behind_tls: tuple[Settings, Certificate]) -> None:
    (finding,) = await look_at_public_address(behind_tls[0], datetime.now(UTC))

    assert (finding.about, finding.level) == ("public.tls", Level.FAILURE)


async def test_a_certificate_that_ends_soon_and_metrics_that_everybody_can_read_warn(
    behind_tls: tuple[Settings, Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, certificate = behind_tls
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))

    findings = await look_at_public_address(read, datetime.now(UTC))

    assert [(finding.about, finding.level) for finding in findings] == [
        ("public", Level.OK),
        ("public.metrics", Level.WARNING),
        ("public.certificate", Level.WARNING),
    ]
