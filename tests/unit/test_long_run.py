"""Growth is told from what has a reason to grow."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.long_run.judge import OfProcess, Sample, grown, kind_of, left, may_grow

MB = 1_000_000


def day(**changes: object) -> Iterator[Sample]:
    """Give a day's samples in which only cases grow, and what is changed, by so much each hour."""
    for hour in range(1, 25):
        sizes = {"dunning:due": 300, "dunning:case:{txn}": 100 * hour}
        process = OfProcess(memory_bytes=70 * MB, files=40, threads=3, tasks=10)
        sample = Sample(hour, 100 * hour, {"worker": process}, 20, 4 * MB, sizes)
        for name, each in changes.items():
            assert isinstance(each, int)
            if name in sample.sizes or name.startswith("dunning"):
                sample = replace(sample, sizes={**sample.sizes, name: sample.sizes.get(name, 0) + each * hour})
            elif hasattr(process, name):
                grew = replace(process, **{name: getattr(process, name) + each * hour})
                sample = replace(sample, processes={"worker": grew})
            else:
                sample = replace(sample, **{name: getattr(sample, name) + each * hour})
        yield sample


def test_a_day_in_which_only_what_is_kept_grows_is_well() -> None:
    assert list(grown(list(day()))) == []


@pytest.mark.parametrize(
    ("what", "each", "told"),
    [
        ("memory_bytes", MB // 2, "worker: memory grew from 76.0 MB to 80.2 MB."),
        ("files", 1, "worker: files grew from 56 to 64."),
        ("threads", 1, "worker: threads grew from 19 to 27."),
        ("tasks", 1, "worker: tasks grew from 26 to 34."),
        ("redis_clients", 1, "Redis: clients grew from 36 to 44."),
        ("redis_memory_bytes", MB // 2, "Redis: memory grew from 10.0 MB to 14.2 MB."),
        ("dunning:due", 20, "Redis: dunning:due grew from 620 to 780."),
        ("dunning:nowhere", 10, "Redis: dunning:nowhere grew from 160 to 240."),
    ],
)
def test_what_grows_with_the_hours_is_told(what: str, each: int, told: str) -> None:
    assert list(grown(list(day(**{what: each})))) == [told]


def test_what_is_still_there_long_after_is_told() -> None:
    samples = list(day())
    gone = replace(samples[-1], opened=20, sizes={"dunning:case:{txn}": 20, "dunning:alerts:sent": 200})

    assert list(left(samples, gone)) == []
    kept = {"dunning:case:{txn}": 2420, "dunning:due": 330, "dunning:lists": 5, "dunning:opened": 5}
    assert list(left(samples, replace(gone, sizes=kept, redis_memory_bytes=9 * MB))) == [
        "Redis, long after: dunning:case:{txn} grew from 20 to 2420.",
        "Redis, long after: dunning:due grew from 300 to 330.",
        "Redis, long after: dunning:lists grew from 0 to 5.",
        "Redis, long after: dunning:opened grew from 0 to 5.",
        "Redis, long after: memory grew from 4.0 MB to 9.0 MB.",
    ]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("dunning:case:txn_01hv8wptq8987qeep44cyrewp9", "dunning:case:{txn}"),
        ("dunning:lists", "dunning:lists"),
        ("dunning:lists:made", "dunning:lists:made"),
        ("dunning:sums:2026-01-02", "dunning:sums:{day}"),
        ("arq:job:txn_01hv8wptq8987qeep44cyrewp9", "arq:job:{}"),
    ],
)
def test_a_key_is_found_in_the_table(key: str, kind: str) -> None:
    assert kind_of(key) == kind


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("dunning:case:{txn}", True),
        ("dunning:story:{txn}", True),
        ("dunning:alerts:sent", True),
        ("dunning:due", False),
        ("dunning:seen:{sub}", False),
        ("arq:job:{}", False),
    ],
)
def test_only_what_is_kept_for_days_may_grow(kind: str, *, may: bool) -> None:
    assert may_grow(kind) is may
