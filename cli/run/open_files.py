"""The limit of open files, of which each connection is one."""

import resource

import structlog

log = structlog.get_logger()

# Connections to Redis (64 at most), to Paddle, sockets that listen, the log, and what libraries open.
BESIDES = 256


def allow_connections(wanted: int) -> int:
    """Raise the limit of open files, if need be, and return for how many connections it is enough.

    A limit that can't be raised is logged, since a process without free files takes no connection at all.
    """
    needed = wanted + BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _enough(soft, needed):
        soft = _raise_to(needed, soft, hard)
    if _enough(soft, needed):
        return wanted
    possible = max(soft - BESIDES, soft // 2, 1)
    log.warning(
        "files.too_few",
        open_files=soft,
        needed=needed,
        connections=possible,
        mend=f"Allow {needed} open files: LimitNOFILE={needed} in the systemd unit, or `ulimit -n {needed}`.",
    )
    return possible


def _enough(limit: int, needed: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= needed


def _raise_to(needed: int, soft: int, hard: int) -> int:
    raised = needed if _enough(hard, needed) else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):  # a sandbox may forbid it
        return soft
    return raised
