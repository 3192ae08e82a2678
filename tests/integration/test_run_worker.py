import signal

from dunning.store.server.embedded import EmbeddedServer
from tests.dunning_process import ENVIRONMENT, dunning


def test_the_worker_works_until_it_is_told_to_stop(redis_url: str) -> None:
    with dunning("worker", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url}) as process:
        process.wait_for("mail.no_reply_to")
        process.wait_for("worker.started")

        process.signal(signal.SIGTERM)

        assert process.end() == 0


def test_the_worker_stops_while_redis_is_away() -> None:
    with (
        EmbeddedServer(tcp=True) as server,
        dunning("worker", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": server.url}) as process,
    ):
        process.wait_for("worker.started")
        server.stop()

        process.signal(signal.SIGTERM)

        assert process.end() == 0


def test_the_worker_stops_while_it_waits_for_redis_to_appear() -> None:
    with dunning("worker", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": "redis://127.0.0.1:9"}) as process:
        process.wait_for("worker.starting")

        process.signal(signal.SIGTERM)

        assert process.end() == 0


def test_a_sandbox_key_without_a_redirection_is_warned_of(redis_url: str) -> None:
    with dunning("worker", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url}) as process:
        warning = process.wait_for("settings.mail_redirect_missing")

    assert (warning["level"], warning["variable"]) == ("warning", "DUNNING_MAIL_REDIRECT")


def test_a_redirection_or_a_live_key_is_not(redis_url: str) -> None:
    for change in ({"DUNNING_MAIL_REDIRECT": "me@example.com"}, {"DUNNING_PADDLE_API_KEY": "pdl_live_1"}):
        with dunning("worker", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url} | change) as process:
            process.wait_for("worker.started")

        assert not any("mail_redirect_missing" in line for line in process.lines)
