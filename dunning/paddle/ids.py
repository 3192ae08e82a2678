"""The ids by which a debt is found: of its transaction, its subscription and its customer.

https://developer.paddle.com/api-reference/about/paddle-ids
"""

import re

FINDING_ID = re.compile(r"(?:txn|sub|ctm)_[a-z0-9]{26}")
