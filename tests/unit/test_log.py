import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
import structlog

from cli.plan.simulate.rehearsal import quietly
from dunning.jobs import Job
from dunning.log import SCRUBBED, configure, scrub


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    configure()
    yield
    # structlog stays configured: loggers that were used meanwhile do, and `capture_logs` must find them later.
    root.handlers = handlers
    root.setLevel(level)


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info("case.opened", case="txn_1", at=datetime(2026, 1, 2, tzinfo=UTC), job=Job.SEND_STEPS)

    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert datetime.fromisoformat(event.pop("timestamp")).tzinfo is not None
    assert event == {
        "event": "case.opened",
        "level": "info",
        "case": "txn_1",
        "at": "2026-01-02 00:00:00+00:00",
        "job": "send_steps",
    }


def test_an_exception_is_told_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        try:
            raise ValueError("Jane Doe")  # noqa: TRY301 - what the test is about
        except ValueError as error:
            raise RuntimeError("Jane Doe") from error
    except RuntimeError:
        structlog.get_logger().exception("job.failed")

    written = capsys.readouterr().err
    assert "Jane" not in written
    event = json.loads(written)
    assert event["exception"] == ["RuntimeError", "ValueError"]
    assert event["frames"][0].startswith("unit/test_log.py:")


def test_an_exception_that_is_given_is_told_too_and_a_loop_of_causes_ends(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = ValueError("Jane Doe"), KeyError("Jane Doe")
    first.__cause__, second.__cause__ = second, first

    structlog.get_logger().error("job.failed", exc_info=first, why=second)

    event = json.loads(capsys.readouterr().err)
    assert (event["exception"], event["frames"], event["why"]) == (["ValueError", "KeyError"], [], "KeyError")


def test_a_crash_is_told_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    error = ValueError("Jane Doe")

    sys.excepthook(ValueError, error, None)

    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["level"], event["exception"]) == ("process.crashed", "critical", ["ValueError"])


def test_a_hidden_cause_stays_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    error = ValueError()
    error.__context__, error.__suppress_context__ = KeyError(), True

    structlog.get_logger().error("job.failed", exc_info=error)

    assert json.loads(capsys.readouterr().err)["exception"] == ["ValueError"]


def test_what_a_library_warns_of_is_told_without_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("arq.worker").info("not told")
    logging.getLogger("arq.worker").warning("%s failed\n%r", "Jane Doe", 1)
    try:
        raise OSError("Jane Doe")  # noqa: TRY301 - what the test is about
    except OSError:
        logging.getLogger("aiohttp.server").exception("Error handling request")

    written = capsys.readouterr().err
    assert "Jane" not in written
    warning, error = map(json.loads, written.splitlines())
    assert (warning["event"], warning["level"], warning["message"]) == ("library.arq.worker", "warning", "%s failed")
    assert (error["event"], error["exception"]) == ("library.aiohttp.server", ["OSError"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("opened by jane.doe+x@mail.example.com today", f"opened by {SCRUBBED} today"),
        ("to <jane@example.com>", f"to <{SCRUBBED}>"),
        ("https://p.example/cpl_1?token=pga_eyJh.eyJ-_x.y&a=b", f"https://p.example/cpl_1?token={SCRUBBED}&a=b"),
        ("GET /pay/txn_1.abc.def?x=1", f"GET /pay/{SCRUBBED}?x=1"),
        ("redis://user:pass@localhost:1", f"redis://{SCRUBBED}@localhost:1"),
        ("key pdl_live_apikey_1_2", f"key {SCRUBBED}"),
        ("secret pdl_ntfset_1_2 whsec_ab+/", f"secret {SCRUBBED} {SCRUBBED}"),
        ("txn_1 at https://billing.example.com/pay", "txn_1 at https://billing.example.com/pay"),
    ],
)
def test_what_must_never_be_logged_is_scrubbed(text: str, left: str) -> None:
    assert scrub(text) == left


def test_a_secret_in_a_nested_value_is_scrubbed_and_the_line_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info("odd", values=[{"to": 'a "quoted" jane@example.com', "n": 1}], link=["/pay/x\\y\n"])

    event = json.loads(capsys.readouterr().err)
    assert event["values"] == [{"to": f'a "quoted" {SCRUBBED}', "n": 1}]
    assert "x" not in event["link"][0]


def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)

    structlog.get_logger().info("case.opened")


def test_a_logger_that_was_first_used_in_a_rehearsal_is_heard_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    logger = structlog.get_logger()
    with quietly():
        logger.error("case.opened")
    logger.error("case.closed")

    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["case.closed"]
