import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, main
from tests.dunning_process import ENVIRONMENT, dunning


@pytest.mark.parametrize("command", ["webhooks", "worker", "up"])
def test_what_is_wrong_with_the_settings_is_all_that_is_said(command: str) -> None:
    environ = ENVIRONMENT | {"DUNNING_REDIS_URL": "x", "DUNNING_PORTT": "x", "DUNNING_MAIL_FROM": ""}
    with dunning(command, environ=environ) as process:
        assert process.end() == 2

    assert [line.partition(":")[0] for line in process.lines] == [
        "DUNNING_REDIS_URL",
        "DUNNING_MAIL_FROM",
        "DUNNING_PORTT",
    ]


@pytest.mark.parametrize("command", ["webhooks", "worker"])
def test_only_up_does_without_redis(command: str) -> None:
    with dunning(command, environ=ENVIRONMENT) as process:
        assert process.end() == 2

    (line,) = process.lines
    assert line.startswith("DUNNING_REDIS_URL: it is missing; it should be redis://")


def test_up_refuses_one_port_for_both_sides() -> None:
    with dunning("up", environ=ENVIRONMENT | {"DUNNING_PORT": "8090", "DUNNING_CONSOLE_PORT": "8090"}) as process:
        assert process.end() == 2

    (line,) = process.lines
    assert line.startswith("DUNNING_CONSOLE_PORT: it is DUNNING_PORT too; it should be another one")


def test_every_command_is_listed_with_what_it_does() -> None:
    told = CliRunner().invoke(main, ["--help"])

    assert told.exit_code == 0
    assert [line.split()[0] for line in told.output.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)


def test_an_unknown_command_is_refused() -> None:
    told = CliRunner().invoke(main, ["dance"])

    assert told.exit_code == 2
    assert "No such command 'dance'" in told.output


def test_the_version_is_that_of_the_distribution() -> None:
    told = CliRunner().invoke(main, ["--version"])

    assert told.output.startswith("dunning, version ")
