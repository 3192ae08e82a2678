import os
import signal
import socket
from urllib.request import urlopen

import pytest

from dunning.store.server.embedded import EmbeddedServer
from tests.dunning_process import ENVIRONMENT, dunning


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_webhooks_serves_until_it_is_told_to_stop(number: signal.Signals, redis_url: str) -> None:
    with dunning("webhooks", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": redis_url}) as process:
        port = process.wait_for("webhooks.listening")["port"]
        with urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            status = answer.status

        process.signal(number)

        assert process.end() == 0
        assert status == 200


def test_webhooks_starts_and_stops_while_redis_is_away() -> None:
    with dunning("webhooks", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": "redis://127.0.0.1:9"}) as process:
        port = process.wait_for("webhooks.listening")["port"]
        with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            status = answer.status

        process.signal(signal.SIGTERM)

        assert process.end() == 0
        assert status == 200


def test_webhooks_stops_after_redis_went_away() -> None:
    with (
        EmbeddedServer(tcp=True) as server,
        dunning("webhooks", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": server.url}) as process,
    ):
        port = process.wait_for("webhooks.listening")["port"]
        with urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            status = answer.status
        server.stop()

        process.signal(signal.SIGTERM)

        assert process.end() == 0
        assert status == 200


def test_a_request_under_way_is_finished_first() -> None:
    with (
        EmbeddedServer(tcp=True) as server,
        dunning("webhooks", environ=ENVIRONMENT | {"DUNNING_REDIS_URL": server.url}) as process,
    ):
        port = process.wait_for("webhooks.listening")["port"]
        os.kill(server.pid, signal.SIGSTOP)  # it takes connections and doesn't answer
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                process.signal(signal.SIGTERM)
                process.wait_for("webhooks.stopping")
                answer = connection.recv(1000)
        finally:
            os.kill(server.pid, signal.SIGCONT)

        assert answer.startswith(b"HTTP/1.1 503 ")
        assert process.end() == 0


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = ENVIRONMENT | {"DUNNING_REDIS_URL": "redis://127.0.0.1:9", "DUNNING_PORT": str(port)}
        with dunning("webhooks", environ=environ) as process:
            assert process.end() == 2

    said = [line for line in process.lines if not line.startswith("{")]
    assert said == [f"DUNNING_PORT: another process listens on port {port}; it should be a free port\n"]


def test_an_address_of_another_machine_is_one_clear_line() -> None:
    environ = ENVIRONMENT | {"DUNNING_REDIS_URL": "redis://127.0.0.1:9", "DUNNING_HOST": "192.0.2.1"}
    with dunning("webhooks", environ=environ) as process:
        assert process.end() == 2

    (said,) = [line for line in process.lines if not line.startswith("{")]
    assert said.startswith("DUNNING_HOST: it can't be listened on (")
