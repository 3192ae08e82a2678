"""A mail server in memory, which hangs up or refuses at any place of a conversation while it is told to."""

import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from email.message import EmailMessage
from typing import Protocol

from cli.plan.simulate.unwritten import Slip
from dunning.casebook.about import read_about
from tests.storms.history import History, Mail
from tests.storms.schedule import Fault, Kind
from worker.mail.transport import Outcome, Result

# Of the conversations while it misbehaves, those in which it does; and of these, where: before RCPT, at DATA before it
# has the mail, after it has it.
MISBEHAVES = 0.6
EARLY, AT_DATA = 0.4, 0.6


class Sender(Protocol):
    """Whoever sends."""

    async def pass_by(self) -> None: ...
    def has_mailed(self) -> None: ...


class MailInMemory:
    """Takes mails from one worker, and writes them down."""

    idempotent = False

    def __init__(
        self,
        history: History,
        faults: Sequence[Fault],
        seconds: Callable[[], float],
        chance: random.Random,
        sender: Sender,
    ) -> None:
        self._history = history
        self._faults = [fault for fault in faults if fault.kind in {Kind.MAIL_CUTS, Kind.MAIL_REFUSES}]
        self._seconds = seconds
        self._chance = chance
        self._sender = sender

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        """Take a mail."""
        wrong, where = self._misbehaves(), self._chance.random()
        await self._sender.pass_by()
        if wrong and where < EARLY:
            return Result(Outcome.TRY_AGAIN, "smtp_rcpt_451")
        if not await before_data():
            return Result(Outcome.ABANDONED, "abandoned_before_data")
        await self._sender.pass_by()
        if wrong and where < AT_DATA:
            return Result(Outcome.UNKNOWN, "eof_after_data")
        if wrong is Kind.MAIL_REFUSES:
            return Result(Outcome.TRY_AGAIN, "smtp_message_451")
        self._keep(mail, recipient, key)
        self._sender.has_mailed()
        if wrong:
            self._history.silenced.append(self._seconds())
            return Result(Outcome.UNKNOWN, "eof_after_data")
        await self._sender.pass_by()
        return Result(Outcome.SENT, "smtp_250")

    async def probe(self) -> frozenset[str]:
        """Show nothing: there is nothing to mend."""
        return frozenset()

    async def close(self) -> None:
        """Nothing is kept open."""

    def _misbehaves(self) -> Kind | None:
        now = self._seconds()
        on = [fault.kind for fault in self._faults if fault.at <= now < fault.until]
        return self._chance.choice(on) if on and self._chance.random() < MISBEHAVES else None

    def _keep(self, mail: EmailMessage, recipient: str, key: str) -> None:
        assert isinstance(mail, Slip)  # Unwritten gives no other
        of, _, step = key.partition(".")
        debts = tuple(read_about(one.link) or "" for one in (mail.facts, *mail.facts.others))
        # Its date stands in whole seconds in a mail.
        said = replace(mail.facts, dated_at=mail.facts.dated_at.replace(microsecond=0))
        content = hashlib.sha256(repr((said, debts)).encode()).hexdigest()
        self._history.mails.append(Mail(self._seconds(), recipient, of, step, debts, content))
