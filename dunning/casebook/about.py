"""What a question is about: an id of Paddle's, an email address, or a payment link, which names its transaction. Pure.

Ids: https://developer.paddle.com/api-reference/about/paddle-ids.
"""

import re

from dunning.paddle.ids import FINDING_ID

SHOULD_BE = (
    "It should be the id of a transaction (txn_), a subscription (sub_) or a customer (ctm_), each with 26 lower-case "
    "letters and digits, or a payment link, or an email address."
)

# A token, alone or in its link, and however much of a mail was copied with it.
_TOKEN = re.compile(r"(?:^|/)(txn_[a-z0-9]{26})\.[0-9]{1,12}\.", re.ASCII | re.IGNORECASE)
# A comma would ask Paddle for two.
_ADDRESS = re.compile(r"[^\s,@/]+@[^\s,@/]+\.[^\s,@/]+")


def read_about(text: str) -> str | None:
    """Return the id or the address, without space around it, or of a link the transaction's id; None for neither."""
    written = text.strip()
    if FINDING_ID.fullmatch(written) or _ADDRESS.fullmatch(written):
        return written
    found = _TOKEN.search(written)
    return found[1].lower() if found else None
