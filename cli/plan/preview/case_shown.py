"""A real case in place of the gallery: what goes out next, and what else happens. Held in memory alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from cli.plan.preview.gallery import Found
from cli.plan.preview.real_case import NextMail
from cli.plan.preview.shown import ShownMail, take_apart


@dataclass(frozen=True, slots=True)
class ShownCase:
    """What the page shows of one case."""

    case_id: str
    next_mail: NextMail

    def state(self) -> dict[str, object]:
        """Return what is shown. Nothing can be chosen."""
        letter = self.next_mail.letter
        mails = [{"name": letter.step, "planned": f"{letter.at:%Y-%m-%d %H:%M} UTC"}] if letter else []
        told = {"title": f"What happens next for {self.case_id}", "lines": self.next_mail.lines}
        return {"version": "1", "problems": [], "axes": [], "mails": mails, "pages": [], "case": told}

    def mail(self, query: Mapping[str, str]) -> ShownMail:
        """Return the mail, whatever is asked for.

        Raises:
            ValueError: no mail goes out next.
        """
        del query
        if self.next_mail.letter is None:
            raise ValueError("No mail goes out next.")
        return take_apart(self.next_mail.letter.message)

    def page(self, query: Mapping[str, str]) -> str:
        """Show none.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"There is no page {query.get('page', '')!r} here: the gallery shows the pages.")

    def find(self, words: str, query: Mapping[str, str]) -> list[Found]:
        """Find nothing: there is but one mail."""
        del words, query
        return []
