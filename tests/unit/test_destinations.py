"""Which notification destination is ours, and what has to change about it."""

import json
import re

import pytest
from pydantic import ValidationError

from dunning.paddle.answers import Caller
from dunning.paddle.destinations import (
    SUBSCRIBED,
    Aspect,
    Change,
    Destination,
    plan,
    read_destination,
    read_destinations,
    read_event_types,
)

PUBLIC = "https://billing.example.com"
ADDRESS = PUBLIC + "/webhooks/paddle"


def destination(name: str = "a", /, **changes: object) -> Destination:
    whole = {
        "id": f"ntfset_{name}",
        "type": "url",
        "destination": ADDRESS,
        "active": True,
        "traffic_source": "platform",
        "subscribed_events": [{"name": one, "group": "x"} for one in SUBSCRIBED],
        "endpoint_secret_key": f"pdl_ntfset_{name}",
    }
    (read,) = read_destinations([json.dumps(whole | changes).encode()])
    return read


def test_without_one_it_is_made_with_exactly_the_events_we_use() -> None:
    planned = plan([], public_url=PUBLIC, secrets=(), offered={*SUBSCRIBED, "customer.created"})

    assert planned.ours is None
    assert planned.body() == {
        "description": "Dunning",
        "type": "url",
        "destination": ADDRESS,
        "active": True,
        "subscribed_events": list(SUBSCRIBED),
    }


def test_one_that_is_as_it_should_be_is_left_alone() -> None:
    planned = plan([destination()], public_url=PUBLIC, secrets=(), offered=SUBSCRIBED)

    assert planned.ours == destination()
    assert (planned.changes, planned.not_offered, planned.others_here) == ((), (), ())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"active": False}, Change(Aspect.ACTIVE, "no", "yes")),
        ({"traffic_source": "simulation"}, Change(Aspect.TRAFFIC, "simulation", "platform")),
        ({"destination": ADDRESS + "/"}, Change(Aspect.ADDRESS, ADDRESS + "/", ADDRESS)),
        (
            {"subscribed_events": [{"name": one} for one in (*SUBSCRIBED, "customer.created")]},
            Change(Aspect.EVENT, "customer.created", None),
        ),
        (
            {"subscribed_events": [{"name": one} for one in SUBSCRIBED[1:]]},
            Change(Aspect.EVENT, None, SUBSCRIBED[0]),
        ),
    ],
)
def test_each_difference_is_a_change(changes: dict[str, object], expected: Change) -> None:
    planned = plan([destination(**changes)], public_url=PUBLIC, secrets=(), offered=SUBSCRIBED)

    assert planned.changes == (expected,)
    assert planned.body().get("traffic_source") == ("platform" if expected.aspect is Aspect.TRAFFIC else None)
    assert "type" not in planned.body()


def test_simulated_traffic_beside_the_real_is_the_sellers_choice() -> None:
    assert plan([destination(traffic_source="all")], public_url=PUBLIC, secrets=(), offered=SUBSCRIBED).changes == ()


def test_the_one_with_our_address_goes_before_the_one_with_our_secret_and_the_active_first() -> None:
    elsewhere = destination("old", destination="https://old.example.com/webhooks/paddle")
    asleep, awake = destination("asleep", active=False), destination("awake")

    every = plan([elsewhere, asleep, awake], public_url=PUBLIC, secrets={"pdl_ntfset_old"}, offered=SUBSCRIBED)
    by_secret = plan([elsewhere], public_url=PUBLIC, secrets={"pdl_ntfset_old"}, offered=SUBSCRIBED)

    assert every.ours == awake
    assert by_secret.ours == elsewhere
    assert by_secret.changes == (Change(Aspect.ADDRESS, elsewhere.address, ADDRESS),)


def test_mail_and_what_leads_elsewhere_is_not_ours() -> None:
    mail = destination("mail", type="email")
    other = destination("other", destination="https://app.example.com/webhooks/paddle")
    longer = destination("longer", destination=ADDRESS + "X")
    nobodys = destination("nobodys", destination="https://x.example.com", endpoint_secret_key="")

    found = [mail, other, longer, nobodys]

    assert plan(found, public_url=PUBLIC, secrets={"pdl_ntfset_mail"}, offered=SUBSCRIBED).ours is None


def test_a_second_active_one_with_our_address_is_named() -> None:
    planned = plan(
        [destination("a"), destination("b"), destination("c", active=False)],
        public_url=PUBLIC,
        secrets=(),
        offered=SUBSCRIBED,
    )

    assert planned.others_here == ("ntfset_b",)


def test_events_that_paddle_does_not_list_are_left_out_and_named() -> None:
    planned = plan([destination()], public_url=PUBLIC, secrets=(), offered=SUBSCRIBED[:-1])

    assert planned.not_offered == (SUBSCRIBED[-1],)
    assert planned.events == SUBSCRIBED[:-1]
    assert planned.changes == (Change(Aspect.EVENT, SUBSCRIBED[-1], None),)


def test_answers_are_read_and_a_secret_is_never_shown() -> None:
    body = json.dumps(
        {
            "data": json.loads(
                json.dumps(
                    {
                        "id": "ntfset_a",
                        "type": "url",
                        "destination": ADDRESS,
                        "active": True,
                        "subscribed_events": None,
                        "endpoint_secret_key": "pdl_ntfset_a",
                    }
                )
            )
        }
    ).encode()

    read = read_destination(body)

    assert read.secret.get_secret_value() == "pdl_ntfset_a"
    assert read.event_names == frozenset()
    assert not re.search("pdl_ntfset|billing", repr(read))
    assert read_event_types(b'{"data": [{"name": "a.b", "group": "A"}]}') == {"a.b"}
    with pytest.raises(ValidationError):
        read_destination(b"{}")


def test_who_may_write_may_read_and_an_old_key_leaves_it_open() -> None:
    caller = Caller(account_id=None, permissions=frozenset({"customer.write", "address.read"}))

    assert caller.may("customer.read")
    assert caller.may("address.read")
    assert caller.may("address.write") is False
    assert Caller(account_id=None, permissions=None).may("address.read") is None
