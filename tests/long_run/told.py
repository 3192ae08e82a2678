"""What came of a day, in a sentence and two tables, for the terminal and for `docs/reliability.md`."""

from collections.abc import Iterator, Sequence

from tests.long_run.judge import STEADY_FROM_HOUR, Sample, may_grow

SHOWN_EVERY_HOURS = 4


def told(samples: Sequence[Sample], after: Sample, problems: Sequence[str], *, minutes: float) -> str:
    """Tell it."""
    shown = [one for one in samples if one.hour >= STEADY_FROM_HOUR and one.hour % SHOWN_EVERY_HOURS == 0]
    first, last = shown[0], shown[-1]
    lines = [
        f"{last.hour:.0f} h in {minutes:.0f} min, {last.opened:,} cases.",
        " ".join(problems) or "Nothing grew that has no reason to.",
        "",
        f"| | {' | '.join(f'{one.hour:.0f} h' for one in shown)} | 801 days later |",
        f"| --- |{' --: |' * len(shown)} --: |",
        *_rows([*shown, after]),
        "",
        "| kept for a day or longer | elements for each case | 801 days later |",
        "| --- | --: | --: |",
    ]
    cases = last.opened - first.opened
    for kind in sorted(filter(may_grow, last.sizes)):
        more = last.sizes[kind] - first.sizes.get(kind, 0)
        lines.append(f"| `{kind}` | {more / cases:.2f} | {after.sizes.get(kind, 0)} |")
    return "\n".join(lines)


def _rows(shown: Sequence[Sample]) -> Iterator[str]:
    for name in shown[0].processes:
        of = [one.processes[name] for one in shown]
        yield _row(f"`{name}`: memory, MB", [f"{one.memory_bytes / 1e6:.1f}" for one in of])
        yield _row(f"`{name}`: open files, threads, tasks", [f"{one.files}, {one.threads}, {one.tasks}" for one in of])
    yield _row(
        "Redis: memory without what is kept for a day or longer, MB",
        [f"{one.redis_memory_bytes / 1e6:.1f}" for one in shown],
    )
    yield _row("Redis: connections", [str(one.redis_clients) for one in shown])
    for kind in sorted({kind for one in shown for kind in one.sizes if not may_grow(kind)}):
        yield _row(f"`{kind}`: elements", [str(one.sizes.get(kind, 0)) for one in shown])


def _row(what: str, cells: Sequence[str]) -> str:
    return f"| {what} | {' | '.join(cells)} |"
