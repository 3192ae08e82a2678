"""The files in deploy/, as far as they can be tried without an engine that runs them."""

import re
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from redis import Redis
from redis.exceptions import RedisError

from cli.main import COMMANDS
from dunning import metrics
from dunning.errors import ConfigurationError
from dunning.settings.load import KNOWN, load_settings
from dunning.store.driver.connection import RedisClient
from dunning.store.server.embedded import find_server
from tests.unit.good_settings import api_key

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PUBLIC_PATHS = {"/webhooks/paddle", "/pay", "/mail"}
ANSWERS_WITHIN_SECONDS = 10.0

METRIC = re.compile(r"\bdunning_[a-z_]+\b")
UNITS = ["dunning-webhooks.service", "dunning-worker.service", "dunning-console.service", "dunning-up.service"]


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", text)


def environment_of(text: str) -> dict[str, str]:
    """Read an environment file as Compose and systemd do: comments left out, quotes around a value taken off."""
    pairs = (line.partition("=") for line in without_comments(text).splitlines() if line)
    return {name: value.removeprefix('"').removesuffix('"') for name, _, value in pairs}


@pytest.fixture
def configured_server() -> Iterator[RedisClient]:
    """Run a server as redis.conf says, but for where it listens and keeps its data."""
    with tempfile.TemporaryDirectory(prefix="dunning-") as folder:
        socket = Path(folder) / "redis.sock"
        server = subprocess.Popen(
            [find_server(), str(DEPLOY / "redis.conf"), "--port", "0", "--unixsocket", str(socket), "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            with Redis.from_url(f"unix://{socket}") as redis:
                deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
                while not _answers(redis):
                    assert server.poll() is None, "the server refuses redis.conf"
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                yield redis
        finally:
            server.terminate()
            server.wait()


def _answers(redis: RedisClient) -> bool:
    with suppress(RedisError):
        return bool(redis.ping())
    return False


def test_a_real_server_takes_the_redis_configuration(configured_server: RedisClient) -> None:
    policy = configured_server.config_get("*")

    assert policy["maxmemory-policy"] == "noeviction"
    assert policy["appendonly"] == "yes"
    assert policy["appendfsync"] == "always"
    assert policy["save"] == ""


def test_metrics_that_are_named_exist() -> None:
    exist = {metric.shown for metric in (*metrics.OF_ONE_PROCESS, *metrics.GAUGES, *metrics.COUNTERS)}
    told = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))

    assert set(METRIC.findall(without_comments(read("alerts.yaml")))) <= exist
    assert set(METRIC.findall(told)) <= exist


def test_the_example_environment_starts_nothing_and_every_place_to_fill_in_is_told() -> None:
    environment = environment_of(read("env.example"))

    for redis_required in (True, False):
        with pytest.raises(ConfigurationError) as caught:
            load_settings(environment, redis_required=redis_required)

        told = [problem.partition(": ")[::2] for problem in caught.value.problems]
        assert {name for name, _ in told} == environment.keys() - {"DUNNING_REDIS_URL"}
        assert all(sentence.startswith("it still holds a placeholder") for _, sentence in told)


def test_the_example_environment_is_accepted_once_it_is_filled_in() -> None:
    text = read("env.example").replace("pdl_sdbx_apikey_replace_me", api_key("sdbx"))
    text = text.replace("replace_me", "0123456789abcdef").replace("# DUNNING_MAIL_REP", "DUNNING_MAIL_REP")

    settings = load_settings(environment_of(text))

    assert settings.paddle.sandbox
    assert settings.mail_redirect == "you@0123456789abcdef.example"


def test_the_example_environment_shows_every_variable() -> None:
    assert set(re.findall(r"^(?:# )?(DUNNING_\w+)=", read("env.example"), re.MULTILINE)) == set(KNOWN)


def test_compose_runs_commands_that_exist() -> None:
    compose = read("compose.yaml")

    started = re.findall(r'^    command: \["([a-z]+)"[\],]', compose, re.MULTILINE)

    assert started == ["webhooks", "worker", "console"]
    assert set(started) <= set(COMMANDS)


def test_the_image_runs_a_command_that_exists() -> None:
    (command,) = re.findall(r'^CMD \["(\w+)"\]', read("Dockerfile"), re.MULTILINE)

    assert command in COMMANDS


def test_the_image_is_built_from_the_locked_versions_and_runs_as_nobody_special() -> None:
    dockerfile = read("Dockerfile")

    assert dockerfile.count("--require-hashes -r ") == dockerfile.count("-r requirements")
    assert "\nUSER 10001" in dockerfile
    assert "\nHEALTHCHECK NONE" in dockerfile


def test_the_image_holds_nothing_that_builds_and_no_mail_server() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-image.lock").read_text(), re.MULTILINE))

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [
        *project["dependencies"],
        *(one for extra in ("alerts", "up") for one in project["optional-dependencies"][extra]),
    ]
    assert {Requirement(one).name for one in needed} <= locked
    assert locked.isdisjoint({"aiosmtpd", "editables", "hatchling", "pip", "pytest", "setuptools"})


def test_what_the_image_copies_is_let_into_the_build() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
    let_in = re.findall(r"^!(\S+)$", read("Dockerfile.dockerignore"), re.MULTILINE)

    sources = {source for line in copied for source in line.split()}

    assert sources == set(let_in)
    assert all((ROOT / source).exists() for source in sources)


def test_the_proxy_lets_three_paths_through() -> None:
    (paths,) = re.findall(r"@public path (.+)", read("Caddyfile"))

    assert {path.removesuffix("/*") for path in paths.split()} == PUBLIC_PATHS


def test_nginx_lets_three_paths_through_and_logs_no_payment_link() -> None:
    text = without_comments(read("nginx.conf"))
    passing = re.findall(r"location (?:= )?(\S+) \{([^}]*)\}", text)

    assert {path.rstrip("/") for path, block in passing if "proxy_pass" in block} == PUBLIC_PATHS
    assert text.count("access_log off;") == text.count("\nserver {")
    assert "access_log /" not in text
    assert next("error_log /dev/null" in block for path, block in passing if path == "/pay/")


def test_the_proxy_keeps_no_access_log_and_cuts_payment_links_out_of_its_errors() -> None:
    options, sites = without_comments(read("Caddyfile")).split("\n}\n", 1)

    assert "request>uri regexp" in options
    assert not re.search(r"^\s*log\b", sites, re.MULTILINE)


def test_the_ingress_lets_three_paths_through() -> None:
    assert set(re.findall(r"^ +- path: (\S+)", read("kubernetes.yaml"), re.MULTILINE)) == PUBLIC_PATHS


def test_pods_are_given_time_to_drain_and_no_variables_of_services() -> None:
    deployments = read("kubernetes.yaml").split("\n---\n")[:3]

    for deployment, command in zip(deployments, ["webhooks", "worker", "console"], strict=True):
        assert f'args: ["{command}"' in deployment
        assert "terminationGracePeriodSeconds: 70" in deployment
        assert "enableServiceLinks: false" in deployment


def test_probes_ask_whether_the_process_lives() -> None:
    assert set(re.findall(r"httpGet: \{path: (\S+),", read("kubernetes.yaml"))) == {"/healthz"}


@pytest.mark.parametrize("unit", UNITS)
def test_units_run_a_command_that_exists_and_let_it_drain(unit: str) -> None:
    text = read(unit)

    (command,) = re.findall(r"^ExecStart=\S+/dunning (\w+)$", text, re.MULTILINE)

    assert command in COMMANDS
    assert re.search(r"\nTimeoutStopSec=(70|80)\n", text)
    # 2 is how the command ends on a wrong setting.
    assert "\nRestartPreventExitStatus=2\n" in text


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes.yaml", "alerts.yaml"])
def test_yaml_is_indented_with_spaces_by_even_steps(name: str) -> None:
    for line in read(name).splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        assert "\t" not in line
        assert len(indent) % 2 == 0, line
