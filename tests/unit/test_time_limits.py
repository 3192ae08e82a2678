import re
from datetime import timedelta
from pathlib import Path

from dunning import jobs, links, queue, time_limits
from dunning.paddle_api import client
from dunning.rules import case, delivery
from dunning.store import due, in_vain, keys
from webhooks.deadlines import Deadlines
from webhooks.limits import Limits
from worker import main, services
from worker.mail.smtp import SmtpPatience
from worker.send import make_links

DEPLOY = Path(__file__).parents[2] / "deploy"


def granted(file: str, pattern: str) -> list[timedelta]:
    return [timedelta(seconds=int(found)) for found in re.findall(pattern, (DEPLOY / file).read_text(), re.MULTILINE)]


def test_a_job_outlasts_all_that_sending_waits_for() -> None:
    waits = time_limits.PADDLE_CALL + time_limits.MINTING + time_limits.UP_TO_RCPT + time_limits.DATA

    assert waits < time_limits.SEND_STEPS
    assert time_limits.HANDLE_EVENT < time_limits.SEND_STEPS


def test_what_a_job_has_read_of_paddle_is_less_than_a_minute_old_when_its_mails_go() -> None:
    a_minute = timedelta(minutes=1)

    assert a_minute > time_limits.SEND_STEPS


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
        for name in ("dunning-webhooks.service", "dunning-worker.service", "dunning-console.service")
        for stop in granted(name, r"^TimeoutStopSec=(\d+)$")
    ]
    services_of_compose = granted("compose.yaml", r"^  stop_grace_period: (\d+)s$")

    assert len(pods) == len(units) == 3
    assert len(services_of_compose) == 1
    assert all(grace > time_limits.END + paused for grace in pods)
    assert all(grace > time_limits.END for grace in [*units, *services_of_compose])


def test_up_leaves_its_processes_the_time_they_take_and_its_grace_also_lets_its_server_end() -> None:
    assert time_limits.END < time_limits.UP_ENDS

    for grace in granted("compose.yaml", r"^  stop_grace_period: (\d+)s$"):
        assert grace > time_limits.UP_ENDS + time_limits.SERVER_ENDS


def test_paddle_is_answered_before_it_hangs_up() -> None:
    assert time_limits.BODY + time_limits.REDIS_ANSWER <= time_limits.PADDLE_WAITS


def test_a_click_has_time_left_to_make_a_session_after_asking_whether_the_debt_stands() -> None:
    assert time_limits.DEBT_QUESTION + time_limits.MINTING < time_limits.CLICK


def test_a_request_may_last_as_long_as_all_that_it_waits_for() -> None:
    # A click waits for Redis before Paddle (case, clicks) and after it (case, story).
    assert time_limits.BODY + 4 * time_limits.REDIS_ANSWER + time_limits.CLICK < time_limits.REQUEST


def test_the_edge_answers_what_it_has_taken_before_it_ends_and_ends_with_the_worker() -> None:
    assert time_limits.CLICK < time_limits.EDGE_DRAIN < time_limits.EDGE_END < time_limits.END


def test_a_payment_link_and_what_is_known_of_an_end_outlive_the_case() -> None:
    assert time_limits.CASE_OPEN < time_limits.LINK_LIFETIME
    assert keys.KEEP_MARK >= time_limits.CASE_OPEN
    assert keys.KEEP_ENDED_CASE >= time_limits.LINK_LIFETIME


def test_an_event_that_paddle_repeats_is_known_to_be_handled() -> None:
    assert time_limits.PADDLE_REPEATS_FOR < time_limits.KEEP_HANDLED


def test_a_way_that_is_tried_rarely_still_counts_as_tried() -> None:
    assert time_limits.LONGEST_RETRY + time_limits.LEASE < in_vain.NOT_TRIED_ANY_MORE


def test_each_limit_is_the_one_that_is_kept_to() -> None:
    assert client.CALL_TIMEOUT == time_limits.PADDLE_CALL
    assert make_links.MINT_WITHIN == time_limits.MINTING
    assert (SmtpPatience().up_to_rcpt, SmtpPatience().data) == (time_limits.UP_TO_RCPT, time_limits.DATA)
    assert (delivery.CLAIM, due.LEASE) == (time_limits.CLAIM, time_limits.LEASE)
    assert (main.DRAIN_WITHIN, main.LEAVE_WITHIN) == (time_limits.DRAIN, time_limits.LEAVE)
    assert services.LAST_MOMENT == time_limits.LAST_RECORDS
    assert (Deadlines().body, Deadlines().redis) == (time_limits.BODY, time_limits.REDIS_ANSWER)
    assert (Deadlines().paddle, Limits().request) == (time_limits.CLICK, time_limits.REQUEST)
    assert (case.OPEN_FOR, links.LINK_LIFETIME) == (time_limits.CASE_OPEN, time_limits.LINK_LIFETIME)
    assert (keys.KEEP_HANDLED, delivery.LONGEST_RETRY) == (time_limits.KEEP_HANDLED, time_limits.LONGEST_RETRY)


def test_a_session_that_is_used_outlives_one_that_is_not_and_both_outlive_their_link() -> None:
    assert time_limits.SIGN_IN_LINK < time_limits.SESSION_IDLE < time_limits.SESSION
