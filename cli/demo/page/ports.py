"""Where `dunning demo --serve` listens, and where it sends webhooks, unless told otherwise."""

from dataclasses import dataclass

WEBHOOK_URL = "http://127.0.0.1:8080/webhooks/paddle"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens; 0 takes a free port."""

    page: int = 8700
    twin: int = 8701
    smtp: int = 8702
    mailbox: int = 8703
