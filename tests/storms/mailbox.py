"""The mail server of a storm: it writes down when each mail came, what it is about, and when it did not say so."""

import hashlib
import re
from collections.abc import Callable

from aiosmtpd.smtp import Envelope

from cli.lab.mailbox.server import MailServer
from cli.lab.mailbox.smtp import MishapStage, Silence
from tests.storms.history import History, Mail

LINK = re.compile(r"^https?://\S+/pay/([A-Za-z0-9_]+)\.\S+$", re.MULTILINE)


class StormMailbox(MailServer):
    """Keeps what comes in the history, too."""

    def __init__(self, history: History, clock: Callable[[], float]) -> None:
        super().__init__()
        self._history = history
        self._clock = clock
        self.links: dict[str, str] = {}
        """The newest link to each debt."""

    async def _keep(self, envelope: Envelope) -> None:
        await super()._keep(envelope)
        mail = self.mails[-1]
        at, text = self._clock(), mail.text
        of, _, step = str(mail.message["Message-ID"]).strip("<>").partition("@")[0].partition(".")
        for link in LINK.finditer(text):
            self.links[link[1].lower()] = link[0]
        debts = tuple(dict.fromkeys(link[1].lower() for link in LINK.finditer(text)))
        content = hashlib.sha256(mail.raw).hexdigest()
        self._history.mails.append(Mail(at, ",".join(mail.recipients), of, step, debts, content))
        planned = self._house.faults[MishapStage.MESSAGE]
        if planned and isinstance(planned[0], Silence):
            self._history.silenced.append(at)
