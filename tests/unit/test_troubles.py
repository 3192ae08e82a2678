from dunning.rules.troubles import LastTry, Looked, Seen, Trouble, find_troubles

WELL = {
    "worker_silent_seconds": 9.0,
    "webhooks_silent_seconds": 9.0,
    "clocks_off": 0.0,
    "certificate_seconds_left": 40 * 86_400.0,
    "oldest_due_seconds": 500.0,
    "oldest_unhandled_event_seconds": 20.0,
    "oldest_queued_job_seconds": 60.0,
    "mail_in_vain_seconds": 500.0,
    "paddle_in_vain_seconds": 500.0,
    "breaker_tripped": 0.0,
    "dead_events": 0.0,
    "reconcile_waiting": 0.0,
    "paused": 0.0,
}


def on(**changes: float) -> list[Seen]:
    return find_troubles(Looked(gauges=WELL | changes))


def test_nothing_is_on_while_all_is_well() -> None:
    assert on() == []


def test_what_is_at_its_limit_is_not_past_it() -> None:
    at_most = {
        "worker_silent_seconds": 120,
        "webhooks_silent_seconds": 120,
        "certificate_seconds_left": 7 * 86_400,
        "mail_in_vain_seconds": 600,
        "paddle_in_vain_seconds": 600,
        "oldest_due_seconds": 600,
        "oldest_unhandled_event_seconds": 240,
        "oldest_queued_job_seconds": 600,
        "oldest_out_webhook_seconds": 3600,
    }

    assert on(**at_most) == []


def test_what_was_never_seen_is_no_trouble() -> None:
    assert find_troubles(Looked(gauges={})) == []


def test_a_kind_of_process_that_is_silent_is_gone() -> None:
    assert on(worker_silent_seconds=121) == [Seen(Trouble.WORKER_GONE, detail="The last sign of life was 2 min ago.")]
    assert [seen.trouble for seen in on(webhooks_silent_seconds=121)] == [Trouble.WEBHOOKS_GONE]


def test_a_clock_that_is_off_is_told() -> None:
    assert on(clocks_off=1) == [Seen(Trouble.CLOCK_OFF)]


def test_a_certificate_is_told_a_week_before_its_end_and_after() -> None:
    assert on(certificate_seconds_left=6 * 86_400) == [
        Seen(Trouble.CERTIFICATE_ENDS, detail="It is valid for 6 d more.")
    ]
    assert on(certificate_seconds_left=0) == [Seen(Trouble.CERTIFICATE_ENDS)]


def test_each_hold_is_a_trouble_of_its_own() -> None:
    seen = find_troubles(
        Looked(gauges=WELL, holds={"paddle_key": "Paddle refuses it.", "mail_login": "It is refused."})
    )

    assert [(one.key, one.detail) for one in seen] == [
        ("on_hold:mail_login", "It is refused."),
        ("on_hold:paddle_key", "Paddle refuses it."),
    ]


def test_tries_in_vain_say_for_how_long_how_often_and_why() -> None:
    looked = Looked(gauges=WELL | {"mail_in_vain_seconds": 700}, in_vain={"mail": LastTry(9, "smtp_451")})

    assert find_troubles(looked) == [
        Seen(Trouble.MAIL_IN_VAIN, detail="This has gone on for 11 min, over 9 tries. The last one: smtp_451.")
    ]
    assert on(paddle_in_vain_seconds=700) == [Seen(Trouble.PADDLE_IN_VAIN, detail="This has gone on for 11 min.")]


def test_the_breaker_is_told() -> None:
    assert on(breaker_tripped=1) == [Seen(Trouble.BREAKER_TRIPPED)]


def test_work_that_is_late_is_told_unless_it_waits_on_purpose() -> None:
    assert on(oldest_due_seconds=601) == [Seen(Trouble.BACKLOG, detail="The most delayed mail is 10 min late.")]
    assert on(oldest_due_seconds=601, paused=1) == []
    assert on(oldest_unhandled_event_seconds=241)[0].detail == "The oldest event has waited for 4 min."
    assert on(oldest_queued_job_seconds=601)[0].detail == "The oldest job has waited for 10 min."


def test_mail_that_is_late_is_told_where_nothing_is_known_of_a_pause() -> None:
    assert [seen.trouble for seen in find_troubles(Looked(gauges={"oldest_due_seconds": 601}))] == [Trouble.BACKLOG]


def test_dead_events_and_debts_that_wait_are_counted() -> None:
    assert on(dead_events=1) == [Seen(Trouble.DEAD_EVENTS, detail="There is one.")]
    assert on(dead_events=2)[0].detail == "There are 2."
    assert on(reconcile_waiting=2) == [Seen(Trouble.DEBTS_WAIT, detail="There are 2.")]
    assert on(reconcile_waiting=1)[0].detail == "There is one."


def test_out_webhooks_that_wait_for_an_hour_or_are_dead_are_told() -> None:
    assert on(oldest_out_webhook_seconds=3600) == []
    assert on(oldest_out_webhook_seconds=7300) == [
        Seen(Trouble.OUT_WEBHOOKS_WAIT, detail="The oldest has waited for 2 h.")
    ]
    assert on(dead_out_webhooks=1) == [Seen(Trouble.DEAD_OUT_WEBHOOKS, detail="There is one.")]
    assert on(dead_out_webhooks=2)[0].detail == "There are 2."


def test_counters_that_grew_are_news() -> None:
    news = {"reconcile_missed_events": 4, "deliveries_dead": 2, "api_key_revoked": 1}

    assert [(seen.key, seen.detail) for seen in find_troubles(Looked(gauges=WELL, news=news))] == [
        ("paddle_key_news:revoked", ""),
        ("dead_mails", "New mails: 2."),
        ("webhooks_lost", "New events that Paddle lists and no webhook brought: 4."),
    ]


def test_a_run_that_breaks_off_now_and_then_is_no_news() -> None:
    assert find_troubles(Looked(gauges=WELL, news={"reconcile_failed": 9})) == []
    assert [seen.trouble for seen in find_troubles(Looked(gauges=WELL, news={"reconcile_failed": 10}))] == [
        Trouble.RECONCILE_FAILS
    ]


def test_a_counter_that_means_nothing_is_no_news() -> None:
    assert find_troubles(Looked(gauges=WELL, news={"cases_opened": 2})) == []
