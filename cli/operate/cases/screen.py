"""What the commands tell, for people: tables on a terminal, and one line for each row if the output is piped."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table

from cli.operate.cases import listing
from dunning.casebook.find import CaseFile, CaseQuery, ListedCase
from dunning.casebook.late import in_words
from dunning.casebook.paused import paused_lines
from dunning.casebook.plain_words import in_plain_words, readable
from dunning.casebook.step_rows import last_done, next_to_come
from dunning.casebook.words import in_a_line
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.store import Paused

# On less a table's cells are broken into pieces that nobody can read.
NARROW = 60
# Wide enough for a whole row, if the output goes to no terminal.
PIPED_WIDTH = 400


def console() -> Console:
    """Return where to print. Markup is off, so that brackets in the text are printed as they are."""
    found = Console(highlight=False, markup=False)
    return found if found.is_terminal else Console(highlight=False, markup=False, width=PIPED_WIDTH)


def plain_table(console: Console, *headings: str) -> Table:
    """Make a table with these headings, without lines, for a terminal or for a program that reads it."""
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for column, heading in enumerate(headings):
        # Other columns may be broken to fit, but not the first, which holds an id.
        table.add_column(heading, overflow="fold", no_wrap=column == 0)
    return table


def print_rows(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, or on a narrow terminal each row as a block: its first cell, and a line for each other."""
    if console.is_terminal and console.width < NARROW:
        for first, *others in rows:
            console.print(first, soft_wrap=True)
            for heading, cell in zip(headings[1:], others, strict=True):
                if cell:
                    console.print(f"  {heading}: {cell}" if heading else f"  {cell}")
        return
    table = plain_table(console, *headings)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show_list(
    console: Console,
    cases: Sequence[ListedCase],
    paused: Paused,
    excluded: Collection[str],
    now: datetime,
    *,
    more: bool,
) -> None:
    """Print cases, a row each."""
    if console.is_terminal and console.width >= NARROW:
        # Two lines for each: 80 columns have no room for two ids beside each other.
        table = plain_table(console, "case\nsubscription", "class\nfailed (UTC)", "last step", "next step\ndue (UTC)")
        for one in cases:
            case, subscription, decline_class, failed, last, coming, due, note = _list_row(one, paused, excluded, now)
            table.add_row(
                f"{case}\n{subscription}",
                f"{decline_class}\n{failed}",
                last,
                f"{', '.join(filter(None, (coming, note)))}\n{due}",
            )
        console.print(table)
    else:
        headings = ("case", "subscription", "class", "failed (UTC)", "last step", "next step", "due (UTC)", "")
        print_rows(console, headings, [[*_list_row(one, paused, excluded, now)] for one in cases])
    if more:
        console.print(f"These are the first {len(cases)}. --all shows all, --limit another number.")
    _lines(console, paused_lines(paused))


def show_none(console: Console, wanted: CaseQuery, paused: Paused) -> None:
    """Say that no case was found for what was asked, and where else to look."""
    console.print(listing.in_words(wanted), soft_wrap=True)
    _lines(console, paused_lines(paused))


def show_case(console: Console, told: CaseFile, now: datetime, *, verbose: bool) -> None:
    """Print everything about one case: in sentences, or `verbose`, in the words of logs, metrics and settings."""
    _lines(console, _head(told, now))
    if told.steps:
        console.print()
        headings = ("step", "due (UTC)", "state", *(("reason", "tries") if verbose else ()), "when (UTC)")
        rows = [
            (
                row.step,
                _minute(row.due_at),
                row.state,
                *((row.reason or "", str(row.tries or "")) if verbose else ()),
                _minute(row.at),
            )
            for row in told.steps
        ]
        print_rows(console, headings, rows)
    console.print()
    story = plain_table(console, "when (UTC)", "what happened")
    for at, what in _story(told, verbose=verbose):
        story.add_row(f"{at:%Y-%m-%d %H:%M:%S}", what)
    console.print(story)


def _list_row(one: ListedCase, paused: Paused, excluded: Collection[str], now: datetime) -> Iterator[str]:
    yield one.id
    if one.case is None:
        yield from ("", "", "", "", "", _minute(one.looked_at), "can't be read")
        return
    last, coming = last_done(one.steps), next_to_come(one.steps)
    yield one.case.subscription_id
    yield one.case.decline_class
    yield _minute(one.case.failed_at)
    yield f"{last.step} {last.state}" if last else ""
    if one.case.ended_at is not None:
        yield from (
            "",
            "",
            f"{one.case.state}{f': {one.case.reason}' if one.case.reason else ''} {_minute(one.case.ended_at)}",
        )
        return
    yield coming.step if coming else "none left"
    yield _minute(coming.due_at) if coming else ""
    if one.case.customer_id in excluded or one.case.subscription_id in excluded:
        yield "excluded"
    elif paused.stops(one.case.campaign):
        yield "paused"
    else:
        yield in_words(one.late, now) if one.late else ""


def _head(told: CaseFile, now: datetime) -> Iterator[str]:
    case = told.case
    if case is None:
        yield f"{told.id}  can't be read: another version of Dunning wrote it"
    else:
        yield f"{told.id}  {_end(case)}"
        yield from _facts(case, told.campaign)
    if told.looked_at is not None:
        yield f"  next look     {_time(told.looked_at)}"
    if told.late is not None and case is not None and not told.paused.stops(case.campaign):
        since = f"since {_time(told.late.since)}"
        yield f"  late          {told.late.step} {since}: {in_words(told.late, now)}"
    if case is None or case.is_open:
        yield from (
            f"  excluded      {one.id} since {_time(one.since)}: no mail until `dunning include {one.id}`"
            for one in told.exclusions
        )
        yield from (f"  paused        {line}" for line in _pauses(told))
        yield from (f"  on hold       {hold.word} since {_time(hold.since)}: {hold.sentence}" for hold in told.holds)


def _facts(case: Case, campaign: Campaign | None) -> Iterator[str]:
    yield f"  subscription  {case.subscription_id}"
    yield f"  customer      {case.customer_id}"
    version = f", version {case.version}" if case.version else ""
    yield f"  campaign      {case.campaign}{version}"
    if campaign is not None and campaign.name != case.campaign:
        yield f"                which is gone: it goes on with {campaign.name}"
    yield f"  declined      {case.decline_class}, {case.reason_code or 'with no code'}"
    yield f"  failed        {_time(case.failed_at)}"
    if case.attempted_at != case.failed_at:
        yield f"  failed again  {_time(case.attempted_at)}"
    if case.held_out:
        yield "  held out      left unmailed, to measure what mails bring"
    if case.not_before is not None:
        yield f"  not before    {_time(case.not_before)}"
    if case.ended_at is not None:
        yield f"  ended         {_time(case.ended_at)}"


def _end(case: Case) -> str:
    return f"{case.state}: {case.reason}" if case.reason else case.state.value


def _pauses(told: CaseFile) -> Iterator[str]:
    mine = {name: pause for name, pause in told.paused.campaigns.items() if told.case and name == told.case.campaign}
    return paused_lines(Paused(told.paused.all, mine))


def _story(told: CaseFile, *, verbose: bool) -> list[tuple[datetime, str]]:
    """Return what happened, with the events that could not be handled, by time."""
    dead = [(dead.at, f"event {dead.event_id} could not be handled: {dead.reason}") for dead in told.dead]
    story, words = (told.story, in_a_line) if verbose else (readable(told.story), in_plain_words)
    return sorted([*((line.at, words(line.entry)) for line in story), *dead], key=lambda line: line[0])


def _lines(console: Console, lines: Iterator[str]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def _time(at: datetime) -> str:
    return f"{_minute(at)} UTC"
