"""`dunning cases show`: the whole story of one."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dunning.errors import OperatorMustActError
from dunning.links import Links
from dunning.paddle.events import EventType
from dunning.reasons import HoldWord
from dunning.rules.campaign_version import version
from dunning.rules.story import Entry, Kind, Moved
from dunning.store import Store
from dunning.store.traces import Trace
from tests.integration.at_rest import NOW, of_transaction, paddle_id, redis_of
from tests.integration.cases_by_hand import CAMPAIGN, Run, days_ago, document, put, read, rows, runner, sent


@pytest.fixture
def run(redis_url: str) -> Run:
    return runner(redis_url)


async def test_the_story_of_a_case_is_told_from_its_head_to_its_last_click(run: Run, store: Store) -> None:
    case = await put(store, failed_days_ago=2, deliveries={"first": sent(days_ago(1))})
    await store.cases.note(
        case.id, Entry(kind=Kind.STEP, step="first", moved=Moved.SENT, reason="smtp_250"), days_ago(1)
    )
    await store.cases.note(case.id, Entry(kind=Kind.CLICKED), datetime.now(UTC))

    result = await run("show", case.id, "--verbose")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == f"{case.id}  open"
    for known in (
        case.subscription_id,
        case.customer_id,
        f"renewal, version {version(CAMPAIGN)}",
        "hard, expired_card",
    ):
        assert any(known in line for line in lines), known
    (step,) = [line for line in lines if line.startswith("first ")]
    assert step.split()[3:5] == ["sent", "smtp_250"]
    assert [line.split(maxsplit=2)[2].strip() for line in lines[-3:]] == [
        "opened: hard (transaction.past_due evt_1)",
        "first sent: smtp_250",
        "clicked",
    ]


async def test_the_story_says_what_stands_in_the_way_now(run: Run, store: Store) -> None:
    case = await put(store)
    await store.brakes.pause("renewal", "by_operator", datetime.now(UTC))
    await store.brakes.pause("elsewhere", "by_operator", datetime.now(UTC))
    await store.holds.raise_(OperatorMustActError("The key is revoked.", hold=HoldWord.PADDLE_KEY), datetime.now(UTC))

    result = await run("show", case.id)

    assert "  paused        Mail of the campaign renewal is paused since 20" in result.stdout
    assert "The key is revoked." in result.stdout
    assert "elsewhere" not in result.stdout


async def test_the_story_of_an_ended_case_says_how_and_when(run: Run, store: Store) -> None:
    case = await put(store, failed_days_ago=4)
    await run("stop", case.id)
    await store.brakes.pause(None, "by_operator", datetime.now(UTC))

    result = await run("show", case.id)

    assert result.stdout.startswith(f"{case.id}  stopped: by_operator\n")
    assert "  ended         20" in result.stdout
    assert "paused" not in result.stdout


async def test_a_dead_event_about_the_case_is_part_of_its_story(run: Run, store: Store) -> None:
    case = await put(store)
    event = of_transaction(EventType.TRANSACTION_PAID, transaction=case.id)
    other = of_transaction()
    for one in (event, other):
        await store.inbox.accept(one, datetime.now(UTC))
        await store.inbox.give_up(one.id, "fault: KeyError", datetime.now(UTC))

    shown = await run("show", case.id)
    as_json = await document(run, "show", case.id)

    assert f"event {event.id} could not be handled: fault: KeyError" in shown.stdout
    assert [dead["id"] for dead in as_json["dead_events"]] == [event.id]


async def test_a_case_that_failed_again_or_was_spread_out_says_so(run: Run, store: Store) -> None:
    case = await put(
        store,
        attempted_at=days_ago(0),
        not_before=datetime.now(UTC) + timedelta(days=1),
    )

    result = await run("show", case.id)

    assert "  failed again  20" in result.stdout
    assert "  not before    20" in result.stdout


async def test_a_case_whose_campaign_is_gone_says_what_it_goes_on_with(run: Run, store: Store) -> None:
    case = await put(store, version="")
    changed = (await read(store, case)).model_copy(update={"campaign": "gone", "reason_code": None})
    await store.cases.commit(changed, 1, due_at=None, now=datetime.now(UTC))

    result = await run("show", case.id)

    assert "which is gone: it goes on with renewal" in result.stdout
    assert "hard, with no code" in result.stdout


async def test_a_story_that_cant_be_read_in_full_is_told_as_far_as_it_goes(run: Run, store: Store) -> None:
    case = await put(store)
    await redis_of(store).set(f"dunning:case:{case.id}", "7 open {}\n1777896000000 opened: hard")

    shown = await run("show", case.id)
    as_json = await document(run, "show", case.id)

    assert shown.exit_code == 0
    assert "can't be read: another version of Dunning wrote it" in shown.stdout
    assert "opened: hard" in shown.stdout
    assert not as_json["readable"]


async def test_the_story_in_json_is_one_document(run: Run, store: Store) -> None:
    case = await put(store, deliveries={"first": sent(days_ago(1))})

    told = await document(run, "show", case.id)

    assert (told["id"], told["state"], told["decline_code"]) == (case.id, "open", "expired_card")
    assert [step["step"] for step in told["steps"]] == [step.name for step in CAMPAIGN.steps]
    assert told["story"] == [
        {
            "at": f"{case.failed_at:%Y-%m-%dT%H:%M:%SZ}",
            "what": "opened: hard (transaction.past_due evt_1)",
            "told": "A payment failed. It needs another payment method.",
            "kind": "opened",
            "decline_class": "hard",
            "event_type": "transaction.past_due",
            "event_id": "evt_1",
        }
    ]


async def test_the_story_is_told_in_words_for_a_customer_unless_others_are_asked_for(run: Run, store: Store) -> None:
    case = await put(store, deliveries={"first": sent(days_ago(1))})
    for moved in (Moved.CLAIMED, Moved.SENDING, Moved.SENT):
        await store.cases.note(case.id, Entry(kind=Kind.STEP, step="first", moved=moved), days_ago(1))
    await store.cases.note(case.id, Entry(kind=Kind.CLICK_REFUSED, reason="too_many"), datetime.now(UTC))

    lines = (await run("show", case.id)).stdout.splitlines()
    verbose = (await run("show", case.id, "-v")).stdout

    assert [line.split(maxsplit=2)[2].strip() for line in lines[-3:]] == [
        "A payment failed. It needs another payment method.",
        "The email “first” was sent.",
        "The link was clicked, and led nowhere: it was clicked too often within the hour.",
    ]
    assert "smtp_250" not in "\n".join(lines)
    assert "click_refused: too_many" in verbose
    assert "first claimed" in verbose


@pytest.mark.parametrize("command", ["show", "stop", "send-now"])
async def test_an_unknown_case_is_one_line(run: Run, command: str) -> None:
    unknown = paddle_id("txn")
    result = await run(command, unknown)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: There is no case {unknown}. It was never opened, or it ended more than 90 days ago.\n"
    )


async def test_a_customer_a_subscription_or_a_link_leads_to_the_case(run: Run, store: Store) -> None:
    case = await put(store, subscription_id=paddle_id("sub"), customer_id=paddle_id("ctm"))
    token = Links(["a-link-secret-of-at-least-32-characters"]).sign(case.id, datetime.now(UTC))

    for about in (case.subscription_id, case.customer_id, f"https://billing.example.com/pay/{token}", token):
        assert (await run("show", about)).stdout.startswith(f"{case.id}  open\n"), about
    (told,) = (await document(run, "show", case.customer_id))["cases"]
    assert (told["id"], told["story"][0]["kind"]) == (case.id, "opened")


async def test_several_cases_of_a_customer_are_listed_those_that_ended_too(run: Run, store: Store) -> None:
    customer = paddle_id("ctm")
    still_open, stopped = [await put(store, customer_id=customer, subscription_id=paddle_id("sub")) for _ in range(2)]
    await run("stop", stopped.id)

    result = await run("show", customer)

    assert [row[0] for row in rows(result)] == [still_open.id, stopped.id]
    assert result.stdout.endswith("`dunning cases show` with the id of one tells its story.\n")
    assert len((await document(run, "show", customer))["cases"]) == 2


async def test_whoever_has_no_case_is_told_so_with_an_exit_code(run: Run) -> None:
    customer = paddle_id("ctm")

    result, as_json = await run("show", customer), await run("show", customer, "--json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: No case of the customer {customer}: none is open, and none ended in the last 90 days.\n"
    )
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (1, {"cases": []})


async def test_what_came_of_the_last_events_is_told_where_there_is_no_case(run: Run, store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await store.inbox.mark_handled(event.id, (event.facts.id, Trace(NOW, event.type.value, event.id, "no_campaign")))

    result, as_json = await run("show", event.facts.id), await run("show", event.facts.id, "--json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: There is no case {event.facts.id}. What came of its last events:\n"
        "  2026-05-04 12:00:00 UTC  transaction.payment_failed: no case, since no campaign is for its product, price "
        f"or currency ({event.id})\n"
    )
    told = json.loads(as_json.stdout)
    assert (as_json.exit_code, told["found"]) == (1, False)
    assert [(one["event_id"], one["came_to"]) for one in told["events"]] == [(event.id, "no_campaign")]


async def test_a_case_that_ended_before_it_opened_is_told_by_its_mark(run: Run, store: Store) -> None:
    paid = of_transaction(EventType.TRANSACTION_PAID)
    await store.inbox.accept(paid, datetime.now(UTC))

    result = await run("show", paid.facts.id)

    assert result.exit_code == 1
    assert "It ended before one was opened: paid, 2026-05-04 12:00:00 UTC." in result.stderr


async def test_an_event_that_died_before_its_case_opened_is_told(run: Run, store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, datetime.now(UTC))
    await store.inbox.give_up(event.id, "it says nowhere when it failed", datetime.now(UTC))

    result = await run("show", event.facts.id)

    assert f"Event {event.id} could not be handled: it says nowhere when it failed" in result.stderr
