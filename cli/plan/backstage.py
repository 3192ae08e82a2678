"""The worker's code at work for the screen, which may not know it: the next mail, examples of mails, reconciling.

What this takes is loaded when it is first asked for: most of the time nobody does.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cached_property
from typing import TYPE_CHECKING

from console.ports import Healing, NextMail, Opening, ShownMail
from dunning.settings.load import Settings
from dunning.store import Store

if TYPE_CHECKING:
    from worker.letters.render import Renderer


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _shown(mail: EmailMessage) -> ShownMail:
    from worker.mail.http_api import parts_of  # noqa: PLC0415 - see above

    text, html = parts_of(mail)
    return ShownMail(str(mail["Subject"]), str(mail["To"]), text, html)


class Backstage:
    """What `console.ports.Backstage` asks for, by these settings."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = _utc_now) -> None:
        self._settings = settings
        self._clock = clock

    async def look_ahead(self, case_id: str, now: datetime) -> NextMail:
        """Find out what happens next in a case, if nothing changes until then. Sends and keeps nothing.

        Raises:
            NotPossibleError: there is no such case, or it is over.
            DunningError: Paddle can't be asked.
        """
        from cli.plan.preview.real_case import look_ahead  # noqa: PLC0415 - see above

        async with self._store() as store:
            found = await look_ahead(self._settings, store, self._renderer, case_id, now)
        return NextMail(found.lines, None if found.letter is None else _shown(found.letter.message))

    async def reconcile(self, *, apply: bool) -> Healing:
        """Compare Paddle with what we have, and mend what webhooks did not bring if it is to be applied.

        Raises:
            DunningError: Paddle can't be asked.
        """
        from cli.operate.reconcile import heal  # noqa: PLC0415 - see above

        async with self._store() as store:
            findings, lines = await heal(self._settings, store, self._clock, apply=apply)
        openings = [
            Opening(
                one.case.id,
                one.case.customer_id,
                one.case.failed_at,
                one.case.decline_class,
                one.campaign.name,
                one.step.name,
                one.at,
            )
            for one in findings.plan.openings
        ]
        return Healing(openings, len(findings.closings), lines)

    def templates(self) -> Sequence[str]:
        """Name the templates that mails can be written from."""
        return sorted(self._renderer.templates)

    def languages(self) -> Sequence[tuple[str, str]]:
        """Give the languages' tags, each with its name in English."""
        from cli.plan.preview.choice import LANGUAGE  # noqa: PLC0415 - see above

        return [(value.name, value.label) for value in LANGUAGE.values]

    def example(self, template: str, language: str) -> ShownMail:
        """Write a mail to somebody who is made up.

        Raises:
            ValueError: there is no such template, or no such language; the sentence says which there are.
        """
        from cli.plan.preview.choice import read_choice  # noqa: PLC0415 - see above
        from cli.plan.preview.examples import facts_of  # noqa: PLC0415 - see above

        settings = self._settings
        choice = read_choice({"template": template, "language": language}, self._renderer.templates)
        facts = facts_of(choice, settings.campaigns, public_url=settings.public_url)
        return _shown(self._renderer.render(replace(facts, brand=settings.brands.default)))

    @cached_property
    def _renderer(self) -> "Renderer":
        from worker.services import check_templates  # noqa: PLC0415 - see above

        return check_templates(self._settings)

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Store]:
        settings = self._settings
        assert settings.redis_url is not None  # noqa: S101 - without one, no console starts
        store = Store.open(settings.redis_url.get_secret_value(), rate_limit=settings.paddle.rate_limit)
        try:
            yield store
        finally:
            await store.close()
