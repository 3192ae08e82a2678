"""Looks at the settings, and reads as many of them as can be read where some are wrong."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from dunning.errors import ConfigurationError
from dunning.findings import Finding, Level
from dunning.settings.load import (
    ConnectingSettings,
    PaddleSettings,
    Settings,
    StoreSettings,
    load_connecting_settings,
    load_paddle_settings,
    load_settings,
    load_store_settings,
)
from dunning.settings.own_environment import own_settings
from worker.services import brands_without_a_human

ABOUT = "settings"

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and the settings that could be read; None for those that could not."""

    findings: tuple[Finding, ...]
    whole: Settings | None
    connecting: ConnectingSettings | None
    paddle: PaddleSettings | None
    store: StoreSettings | None


def look_at_settings() -> Found:
    """Look at all settings."""
    whole, problems = None, []
    try:
        whole = load_settings(redis_required=False)
    except ConfigurationError as error:
        problems = error.problems
    findings = [*_of_file(), *map(_of_problem, problems)]
    if whole is not None:
        findings += [Finding(ABOUT, Level.OK, "Every setting can be read."), *_of_values(whole)]
    return Found(
        tuple(findings),
        whole,
        (
            whole
            and ConnectingSettings(
                paddle=whole.paddle, public_url=whole.public_url, webhook_secrets=whole.webhook_secrets
            )
        )
        or _if_right(load_connecting_settings),
        whole.paddle if whole else _if_right(load_paddle_settings),
        _if_right(load_store_settings),
    )


def _if_right(load: Callable[[], Read]) -> Read | None:
    try:
        return load()
    except ConfigurationError:
        return None  # it is told with all the others


def _of_problem(problem: str) -> Finding:
    means, _, do = problem.partition("; ")
    return Finding(ABOUT, Level.FAILURE, f"{means}.".replace("..", "."), f"{do[:1].upper()}{do[1:]}.".lstrip("."))


def _of_file() -> Iterator[Finding]:
    _, file = own_settings()
    if file is None:
        yield Finding("settings.file", Level.OK, "There is no file of settings: they come from the environment alone.")
        return
    if file.passed_over:
        yield Finding("settings.file", Level.NOTE, *_halves(file.problems[0]))
        return
    try:
        others_may = stat.S_IMODE(file.path.stat().st_mode) & stat.S_IRWXO and file.path.is_file()
    except OSError:
        return  # that it can't be read is told among the problems
    if others_may and file.values:
        yield Finding(
            "settings.file",
            Level.WARNING,
            f"Others on this machine may read {file.path}, which holds secrets.",
            f"chmod 600 {file.path}",
        )
    else:
        yield Finding("settings.file", Level.OK, f"Settings under the environment come from {file.path}.")


def _halves(problem: str) -> tuple[str, str]:
    means, _, do = problem.partition("; ")
    return f"{means}.", f"{do[:1].upper()}{do[1:]}."


def _of_values(settings: Settings) -> Iterator[Finding]:
    world = "sandbox" if settings.paddle.sandbox else "live"
    if settings.paddle.sandbox and settings.mail_redirect is None:
        yield Finding(
            "settings.redirect",
            Level.WARNING,
            "The API key is a sandbox key, and mails of made-up debts would go to the addresses in it.",
            "Set DUNNING_MAIL_REDIRECT to your own address.",
        )
    elif settings.mail_redirect is not None:
        yield Finding(
            "settings.redirect",
            Level.NOTE if settings.paddle.sandbox else Level.WARNING,
            f"The API key is a {world} key, and every mail goes to DUNNING_MAIL_REDIRECT: no customer gets one.",
            "" if settings.paddle.sandbox else "Take DUNNING_MAIL_REDIRECT away when you have tried enough.",
        )
    if silent := brands_without_a_human(settings):
        yield Finding(
            "settings.reply_to",
            Level.NOTE,
            f"Mails offer customers no way to ask a question ({', '.join(silent)}).",
            "Set DUNNING_MAIL_REPLY_TO, or reply_to or support of the brand.",
        )
