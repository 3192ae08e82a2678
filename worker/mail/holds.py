"""What only the operator can mend about mail: the words under which it is counted and shown, one thing each.

What to do about each stands in docs/operations.md.
"""

LOGIN = "mail_login"  # no TLS, or our login or key is refused or wanted
SENDER = "mail_sender"  # our sender or its domain isn't verified or allowed there, or the account isn't yet
RELAY = "mail_relay"  # the server takes no mail from us for other people's domains
QUOTA = "mail_quota"  # so much mail, or mail so large, isn't taken from us: a quota, a limit, or no room left
POLICY = "mail_policy"  # its rules refuse our mail: reputation, a blocked account, SPF, DKIM, DMARC, a wrong setup
FOLDER = "mail_folder"  # the folder of `file:` can't be written
CONSOLE = "mail_console"  # the terminal of `console:` is closed
REFUSALS = "mail_refusals"  # one recipient after the other was refused, and none accepted: rather us than them

MAIL_HOLDS = (LOGIN, SENDER, RELAY, QUOTA, POLICY, FOLDER, CONSOLE, REFUSALS)
