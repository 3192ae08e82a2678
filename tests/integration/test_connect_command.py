"""`dunning connect`, against the twin's notification settings."""

import asyncio
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.paddle.destinations import SUBSCRIBED
from dunning.settings.env_file import ENV_FILE
from paddle_twin import Twin
from tests.until import until

PUBLIC = "http://127.0.0.1:8123"
ADDRESS = f"{PUBLIC}/webhooks/paddle"


@pytest.fixture
def env_file(twin: Twin, tmp_path: Path) -> Path:
    path = tmp_path / "my.env"
    path.write_text(
        f"# mine\nDUNNING_PADDLE_API_KEY={twin.api_key}\nDUNNING_PADDLE_API_URL={twin.url}\n"
        f"DUNNING_PUBLIC_URL={PUBLIC}\n"
    )
    return path


async def connect(env_file: Path | None, *arguments: str, answer: str | None = None, **given: str) -> Result:
    """Run the command beside the loop that the twin lives in."""
    environment = {ENV_FILE: str(env_file or "/dev/null"), **given}
    return await asyncio.to_thread(CliRunner().invoke, main, ["connect", *arguments], input=answer, env=environment)


def text_of(path: Path) -> str:
    return path.read_text()


def write(path: Path, text: str) -> None:
    path.write_text(text)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(twin: Twin, setting_id: str) -> set[str]:
    return {one["name"] for one in twin.destinations.settings[setting_id]["subscribed_events"]}


def secrets_in(env_file: Path) -> list[str]:
    (line,) = [line for line in text_of(env_file).splitlines() if line.startswith("DUNNING_WEBHOOK_SECRETS=")]
    return line.partition("=")[2].split(",")


async def test_it_shows_what_it_would_make_and_makes_it_when_told_to(twin: Twin, env_file: Path) -> None:
    result = await connect(env_file, answer="y\n")

    assert result.exit_code == 0, result.output
    ((setting_id, made),) = twin.destinations.settings.items()
    assert (made["destination"], made["type"], made["active"]) == (ADDRESS, "url", True)
    assert names(twin, setting_id) == set(SUBSCRIBED)
    assert result.output.index("+ subscribed_events: transaction.past_due") < result.output.index("Do this at Paddle?")
    assert secrets_in(env_file) == [made["endpoint_secret_key"]]
    assert text_of(env_file).startswith("# mine\n")
    assert mode_of(env_file) == 0o600
    assert made["endpoint_secret_key"] not in result.output
    assert twin.api_key not in result.output


@pytest.mark.parametrize("answer", ["n\n", ""])
async def test_whoever_says_no_or_nothing_changes_nothing(twin: Twin, env_file: Path, answer: str) -> None:
    result = await connect(env_file, answer=answer)

    assert result.exit_code == 1
    assert twin.destinations.settings == {}
    assert "DUNNING_WEBHOOK_SECRETS" not in text_of(env_file)


async def test_a_second_run_changes_nothing_and_says_so(twin: Twin, env_file: Path) -> None:
    await connect(env_file, "--yes")
    kept, calls = text_of(env_file), dict(twin.api.counts)

    result = await connect(env_file)

    assert result.exit_code == 0, result.output
    assert "is as it should be" in result.output
    assert "has the destination's secret key already" in result.output
    assert text_of(env_file) == kept
    assert twin.api.counts["POST /notification-settings"] == calls["POST /notification-settings"] == 1
    assert twin.api.counts["PATCH /notification-settings/{id}"] == 0


async def test_what_differs_is_shown_and_put_right(twin: Twin, env_file: Path) -> None:
    await connect(env_file, "--yes")
    ((setting_id, made),) = twin.destinations.settings.items()
    made["active"], made["traffic_source"] = False, "simulation"
    made["subscribed_events"] = [{"name": "customer.created"}, *made["subscribed_events"][1:]]

    result = await connect(env_file, "--yes")

    assert result.exit_code == 0, result.output
    shown = [line for line in result.output.splitlines() if line[:2] in {"+ ", "- "}]
    assert shown == [
        "- active: no",
        "+ active: yes",
        "- traffic_source: simulation",
        "+ traffic_source: platform",
        "- subscribed_events: customer.created",
        f"+ subscribed_events: {SUBSCRIBED[0]}",
    ]
    changed = twin.destinations.settings[setting_id]
    assert (changed["active"], changed["traffic_source"]) == (True, "platform")
    assert names(twin, setting_id) == set(SUBSCRIBED)


async def test_a_destination_whose_secret_we_have_follows_us_to_another_address(twin: Twin, env_file: Path) -> None:
    await connect(env_file, "--yes")
    write(env_file, text_of(env_file).replace(PUBLIC, "http://127.0.0.1:8124"))

    result = await connect(env_file, "--yes")

    ((_, changed),) = twin.destinations.settings.items()
    assert changed["destination"] == "http://127.0.0.1:8124/webhooks/paddle"
    assert f"- destination: {ADDRESS}" in result.output


async def test_a_secret_is_put_beside_those_that_are_there(twin: Twin, env_file: Path) -> None:
    write(env_file, text_of(env_file) + "DUNNING_WEBHOOK_SECRETS=pdl_ntfset_older0secret0of0ours\n")

    await connect(env_file, "--yes")

    ((_, made),) = twin.destinations.settings.items()
    assert secrets_in(env_file) == ["pdl_ntfset_older0secret0of0ours", made["endpoint_secret_key"]]


async def test_a_placeholder_for_the_secret_is_filled_in(twin: Twin, env_file: Path) -> None:
    write(env_file, text_of(env_file) + "DUNNING_WEBHOOK_SECRETS=pdl_ntfset_replace_me\n")

    result = await connect(env_file, "--yes")

    assert result.exit_code == 0, result.output
    ((_, made),) = twin.destinations.settings.items()
    assert secrets_in(env_file) == [made["endpoint_secret_key"]]


async def test_without_a_file_the_secret_is_printed_as_the_only_line_to_set(twin: Twin) -> None:
    given = {"PADDLE_API_KEY": twin.api_key, "PADDLE_API_URL": twin.url, "PUBLIC_URL": PUBLIC}

    result = await connect(None, "--yes", **{f"DUNNING_{name}": value for name, value in given.items()})

    ((_, made),) = twin.destinations.settings.items()
    assert f"DUNNING_WEBHOOK_SECRETS={made['endpoint_secret_key']}" in result.stdout.splitlines()
    assert "show it to nobody" in result.stderr


async def test_what_the_environment_sets_is_not_written_under_it(env_file: Path) -> None:
    result = await connect(env_file, "--yes", DUNNING_WEBHOOK_SECRETS="pdl_ntfset_older0secret0of0ours")

    assert "DUNNING_WEBHOOK_SECRETS is set already, and would go over" in result.stderr
    assert "DUNNING_WEBHOOK_SECRETS" not in text_of(env_file)
    assert "DUNNING_WEBHOOK_SECRETS=pdl_ntfset_older0secret0of0ours,pdl_ntfset_" in result.stdout


async def test_a_key_that_may_not_connect_is_told_what_it_lacks(twin: Twin, env_file: Path) -> None:
    twin.api.permissions = {"transaction.read", "notification_setting.read"}

    result = await connect(env_file, "--yes")

    assert result.exit_code == 1
    assert "To connect, the API key needs notification_setting.write" in result.stderr
    assert "lacks permissions that Dunning needs: address.read, customer.read," in result.stdout
    assert twin.destinations.settings == {}


async def test_permissions_that_nothing_needs_are_named(twin: Twin, env_file: Path) -> None:
    twin.api.permissions |= {"subscription.write"}

    result = await connect(env_file, "--yes")

    (line,) = [line for line in result.stdout.splitlines() if "does not need" in line]
    assert line.endswith(" notification_simulation.write, subscription.write (subscription.read is enough).")


async def test_a_permission_that_is_optional_is_named_as_such(twin: Twin, env_file: Path) -> None:
    twin.api.permissions.remove("subscription_history.read")

    result = await connect(env_file, "--yes")

    assert "With subscription_history.read, which is optional, reports tell better what came before" in result.stdout
    assert "lacks" not in result.stdout


async def test_a_wrong_key_is_one_sentence(twin: Twin, env_file: Path) -> None:
    twin.api.api_key = "another"

    result = await connect(env_file, "--yes")

    assert result.exit_code == 1
    assert "the API key is missing, wrong, revoked, or of Paddle's other environment" in result.stderr
    assert "Traceback" not in result.output


async def test_ten_active_destinations_are_one_sentence(env_file: Path) -> None:
    for number in range(10):
        await connect(
            env_file,
            "--yes",
            DUNNING_PUBLIC_URL=f"http://127.0.0.1:90{number:02}",
            DUNNING_WEBHOOK_SECRETS="pdl_ntfset_another0secret0of0ours",
        )

    result = await connect(env_file, "--yes")

    assert result.exit_code == 1
    assert "allows 10 active notification destinations" in result.stderr


async def test_an_address_of_this_machine_is_refused_where_paddle_is_elsewhere(env_file: Path) -> None:
    result = await connect(env_file, "--yes", DUNNING_PADDLE_API_URL="https://sandbox.example.com")

    assert result.exit_code == 1
    assert "which Paddle can't reach" in result.stderr


async def test_what_is_connected_hears_of_what_happens(twin: Twin, env_file: Path) -> None:
    await connect(env_file, "--yes")
    customer = twin.world.add_customer(name="Rosa", email="rosa@lamplight.example")

    twin.world.decline(twin.world.add_subscription(customer))

    ((_, sender),) = twin.destinations.senders.items()

    async def told() -> bool:
        return {"transaction.past_due", "transaction.payment_failed"} <= {one.event_type for one in sender.sent}

    await until(told)
