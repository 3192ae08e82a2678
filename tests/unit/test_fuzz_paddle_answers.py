"""Whatever Paddle's API answers is read, named as malformed, or tried again later, and never shown."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import example, given
from hypothesis import strategies as st

from dunning.errors import PermanentError, TransientError
from dunning.paddle.answers import ListPage, read_error, read_portal_session, read_subscriptions, read_transactions
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle.portal import LIVE_PORTAL, PortalSession
from dunning.rules.verdicts import judge
from tests.unit import paddle_bodies as bodies
from tests.unit.case_builders import a_case
from tests.unit.mutated_json import mutated

Read = TypeVar("Read")

PRIVATE = re.compile(f"{bodies.NAME}|{bodies.EMAIL}|4242|pga_|Storgata")

transactions = mutated(bodies.page(bodies.transaction(), bodies.transaction(id=bodies.OTHER_TRANSACTION)))
subscriptions = mutated(
    bodies.page(bodies.subscription(scheduled_change={"action": "cancel"}), bodies.subscription(), next_url="https://x")
)
sessions = mutated(bodies.portal_session(bodies.SUBSCRIPTION, bodies.OTHER_SUBSCRIPTION))


def outcome(read: Callable[[bytes], Read], body: bytes) -> Read | TransientError:
    try:
        return read(body)
    except TransientError as error:
        return error


def assert_tells_nothing(read: ListPage[LiveTransaction] | ListPage[LiveSubscription] | TransientError) -> None:
    sentences = [str(read)] if isinstance(read, TransientError) else [entity.problem for entity in read.malformed]
    assert all(sentence.isprintable() for sentence in sentences)
    assert not PRIVATE.search(repr(read))


@given(transactions)
def test_transactions_are_read_or_named_without_their_values(body: bytes) -> None:
    assert_tells_nothing(outcome(read_transactions, body))


@given(subscriptions)
def test_subscriptions_are_read_or_named_without_their_values(body: bytes) -> None:
    assert_tells_nothing(outcome(read_subscriptions, body))


@given(transactions, subscriptions, st.integers(0, 20))
def test_whatever_was_read_can_be_judged(owed: bytes, owing: bytes, looks: int) -> None:
    debts, owners = outcome(read_transactions, owed), outcome(read_subscriptions, owing)

    for debt in [None, *(debts.entities if isinstance(debts, ListPage) else ())]:
        for owner in [None, *(owners.entities if isinstance(owners, ListPage) else ())]:
            assert judge(a_case(), debt, owner, None, datetime(2026, 5, 4, tzinfo=UTC), looks=looks)


@given(sessions)
@example(json.dumps(bodies.portal_session(created_at="9999-12-31T23:59:59Z")).replace("token=", "t=").encode())
def test_a_portal_sessions_link_is_safe_or_refused_and_never_shown(body: bytes) -> None:
    session = outcome(read_portal_session, body)

    assert not PRIVATE.search(repr(session))
    if isinstance(session, PortalSession):
        assert session.expires_at.tzinfo
        link = followed(session)
        assert "pga_" not in repr(link) if isinstance(link, PermanentError) else link.startswith(f"{LIVE_PORTAL}/")


def followed(session: PortalSession) -> str | PermanentError:
    try:
        return session.update_link(bodies.SUBSCRIPTION, {LIVE_PORTAL})
    except PermanentError as error:
        return error


@given(mutated(bodies.error("forbidden")) | st.binary(max_size=200))
def test_an_error_answer_gives_plain_words_or_nothing(body: bytes) -> None:
    answer = read_error(body)

    for word in (answer.code, answer.request_id):
        assert word is None or re.fullmatch(r"[A-Za-z0-9_-]{1,64}", word)
