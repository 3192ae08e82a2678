"""What came of storms, in a paragraph and a table, for the terminal and for `docs/reliability.md`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.storms.history import History
from tests.storms.schedule import Kind, Schedule

MEANS = {
    Kind.KILL_WORKER: "a worker is killed",
    Kind.KILL_RECEIVER: "a receiver is killed",
    Kind.STOP_WORKER: "a worker stands still (SIGSTOP)",
    Kind.STOP_RECEIVER: "a receiver stands still",
    Kind.KILL_REDIS: "Redis is killed",
    Kind.STOP_REDIS: "Redis stands still",
    Kind.CUT_REDIS: "every connection to Redis is closed, again and again",
    Kind.REFUSE_WRITES: "Redis refuses writes (its memory is full)",
    Kind.DISK_FULL: "the disk is full",
    Kind.FAIL_OVER: "a replica that lags takes over (Sentinel)",
    Kind.TEAR: "Redis is killed, and its log torn",
    Kind.CLOCK_WORKER: "a worker's clock jumps",
    Kind.CLOCK_RECEIVER: "a receiver's clock jumps",
    Kind.PADDLE_SLOW: "Paddle is slow",
    Kind.PADDLE_WRONG: "Paddle answers wrongly, or not at all",
    Kind.PADDLE_LIMITS: "Paddle limits (429)",
    Kind.MAIL_CUTS: "the mail server hangs up, anywhere",
    Kind.MAIL_REFUSES: "the mail server has no time, anywhere",
    Kind.WEBHOOKS_LOST: "webhooks are lost",
    Kind.WEBHOOKS_LATE: "webhooks come late, in another order",
    Kind.WEBHOOKS_DOUBLED: "webhooks come twice",
    Kind.CROWD: "the same is done several times at once",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one storm."""

    schedule: Schedule
    history: History
    problems: Sequence[str]

    @property
    def doubled(self) -> int:
        """How many mails came twice."""
        mails = Counter((mail.of, mail.step) for mail in self.history.mails)
        return sum(times > 1 for times in mails.values())


def told(real: Sequence[Outcome], in_memory: Sequence[Outcome]) -> str:
    """Tell what came of all of them: a sentence for each kind of storm, and a table of the faults."""
    lines = [
        f"Against real processes: {_told(real)}",
        "",
        f"In memory: {_told(in_memory)}",
        "",
        "| fault | against real processes | in memory |",
        "| --- | --: | --: |",
    ]
    counts = [Counter(fault.kind for one in of for fault in one.schedule.faults) for of in (real, in_memory)]
    lines += [f"| {what} | {counts[0][kind]} | {counts[1][kind]} |" for kind, what in MEANS.items()]
    return "\n".join(lines)


def _told(outcomes: Sequence[Outcome]) -> str:
    histories = [one.history for one in outcomes]
    return (
        f"{len(outcomes)} storms with {sum(len(one.schedule.faults) for one in outcomes)} faults, "
        f"{sum(len(one.debts) for one in histories)} declined renewals, "
        f"{sum(len(one.notifications) for one in histories)} notifications, "
        f"{sum(len(one.calls) for one in histories)} calls to Paddle, "
        f"{sum(len(one.mails) for one in histories)} mails, {sum(len(one.clicks) for one in histories)} requests of "
        f"customers. Mailed twice: {sum(one.doubled for one in outcomes)}. "
        f"Storms with a problem: {sum(bool(one.problems) for one in outcomes)}."
    )
