"""Short names for the holds that are about mail: see `HoldWord`."""

import errno

from dunning.reasons import HoldWord

LOGIN = HoldWord.MAIL_LOGIN
SENDER = HoldWord.MAIL_SENDER
RELAY = HoldWord.MAIL_RELAY
QUOTA = HoldWord.MAIL_QUOTA
POLICY = HoldWord.MAIL_POLICY
FOLDER = HoldWord.MAIL_FOLDER
DISK = HoldWord.MAIL_DISK
CONSOLE = HoldWord.MAIL_CONSOLE
REFUSALS = HoldWord.MAIL_REFUSALS

MAIL_HOLDS = (LOGIN, SENDER, RELAY, QUOTA, POLICY, FOLDER, DISK, CONSOLE, REFUSALS)
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The error numbers of a full disk."""
