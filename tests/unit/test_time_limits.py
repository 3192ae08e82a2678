import re
from datetime import timedelta
from pathlib import Path

from dunning import delivery, jobs, paddle, queue, time_limits
from dunning.store import due
from worker import main, make_links, services
from worker.mail.smtp import Patience

DEPLOY = Path(__file__).parents[2] / "deploy"


def granted(file: str, pattern: str) -> list[timedelta]:
    return [timedelta(seconds=int(found)) for found in re.findall(pattern, (DEPLOY / file).read_text(), re.MULTILINE)]


def test_a_job_outlasts_all_that_sending_waits_for() -> None:
    waits = time_limits.PADDLE_CALL + time_limits.MINTING + time_limits.UP_TO_RCPT + time_limits.DATA

    assert waits < time_limits.SEND_STEPS
    assert time_limits.HANDLE_EVENT < time_limits.SEND_STEPS


def test_a_claim_outlives_its_job_and_a_lease_the_mark_on_the_job() -> None:
    longest = max(jobs.TIMEOUTS.values())

    assert longest < time_limits.CLAIM < time_limits.LEASE
    assert longest + time_limits.MARK_OUTLIVES_JOB == queue.KEEP_MARK < time_limits.LEASE


def test_draining_outlasts_the_longest_job_and_the_process_ends_in_time() -> None:
    leaving = 3 * time_limits.LEAVE + time_limits.LAST_RECORDS + time_limits.GOODBYE

    assert max(jobs.TIMEOUTS.values()) < time_limits.DRAIN
    assert time_limits.DRAIN + leaving <= time_limits.END


def test_what_is_deployed_is_given_more_time_than_it_takes_to_end() -> None:
    (paused,) = set(granted("kubernetes.yaml", r'command: \["sleep", "(\d+)"\]'))
    pods = granted("kubernetes.yaml", r"terminationGracePeriodSeconds: (\d+)")
    units = [
        stop
        for name in ("dunning-webhooks.service", "dunning-worker.service")
        for stop in granted(name, r"^TimeoutStopSec=(\d+)$")
    ]
    services_of_compose = granted("compose.yaml", r"^  stop_grace_period: (\d+)s$")

    assert len(pods) == len(units) == 2
    assert len(services_of_compose) == 1
    assert all(grace > time_limits.END + paused for grace in pods)
    assert all(grace > time_limits.END for grace in [*units, *services_of_compose])


def test_each_limit_is_the_one_that_is_kept_to() -> None:
    assert paddle.CALL_TIMEOUT == time_limits.PADDLE_CALL
    assert make_links.MINT_WITHIN == time_limits.MINTING
    assert (Patience().up_to_rcpt, Patience().data) == (time_limits.UP_TO_RCPT, time_limits.DATA)
    assert (delivery.CLAIM, due.LEASE) == (time_limits.CLAIM, time_limits.LEASE)
    assert (main.DRAIN_WITHIN, main.LEAVE_WITHIN) == (time_limits.DRAIN, time_limits.LEAVE)
    assert services.LAST_MOMENT == time_limits.LAST_RECORDS
