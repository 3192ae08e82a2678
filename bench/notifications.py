"""Notifications to measure with: distinct events, as long as Paddle's, signed when they are needed."""

import time
from dataclasses import dataclass
from datetime import datetime

from dunning.paddle.events import EventType
from paddle_twin import Twin
from paddle_twin.notifications import sign

PATH = "/webhooks/paddle"


@dataclass(frozen=True, slots=True)
class Decline:
    """The notification of a declined renewal that nobody else has."""

    case_id: str
    body: bytes


def declines(count: int) -> list[Decline]:
    """Make so many `transaction.payment_failed`: one that the twin writes, and copies with other ids."""
    twin = Twin()
    world = twin.world
    customer_id = world.add_customer(name="Ada Example", email="ada@customer.example")
    subscription_id = world.add_subscription(customer_id)
    case_id = world.decline(subscription_id)
    (first,) = [sent for sent in twin.sent if sent.event_type == EventType.TRANSACTION_PAYMENT_FAILED]
    old = [case_id, subscription_id, customer_id, first.event_id, first.id]
    made = []
    for _ in range(count):
        new = [world.new_id(one.partition("_")[0]) for one in old]
        body = first.body
        for before, after in zip(old, new, strict=True):
            body = body.replace(before.encode(), after.encode())
        made.append(Decline(new[0], body))
    return made


def request(body: bytes, secret: str, *, at: datetime | None = None) -> bytes:
    """Write the request as it goes over the wire, signed now, or at another time: a signature is good for a minute."""
    signed_at = int(at.timestamp() if at else time.time())
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Paddle\r\nContent-Type: application/json\r\n"
        f"Paddle-Version: 1\r\nPaddle-Signature: {sign(body, secret, signed_at)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
