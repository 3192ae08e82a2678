"""Why Redis can't be worked with: a stable word, and a sentence that says what to do. Never what is in the URL."""

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from redis import exceptions
from redis.asyncio.sentinel import MasterNotFoundError

OLDEST = (7, 0)

_CLUSTER = (
    exceptions.MovedError,
    exceptions.AskError,
    exceptions.ClusterDownError,
    exceptions.ClusterCrossSlotError,
    exceptions.TryAgainError,
)
# A login where none is wanted, and none where one is: large commands are refused before they are read.
_NO_LOGIN = ("without any password", "unauthenticated")
# As servers say it: "User app has no permissions to run the 'evalsha' command".
_COMMAND = re.compile(r"'([a-z|-]{1,40})' command")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong. `reason` is the stable word for it."""

    reason: str
    problem: str

    def __str__(self) -> str:
        """Return the sentence."""
        return self.problem


NOT_TLS = Trouble("tls", "Redis does not answer to TLS: a server without TLS is reached by redis://.")


def diagnose(error: BaseException) -> Trouble:
    """Return what an error of Redis, or of the way there, means for the operator."""
    kind = type(error).__name__
    for reason, sentence in _findings(error):
        return Trouble(reason, sentence)
    if isinstance(error, exceptions.ResponseError):
        return Trouble("refuses", f"Redis refuses ({_code(error)}): see its own log.")
    return Trouble(
        "address",
        f"Redis does not answer ({kind}): DUNNING_REDIS_URL should name a server that runs and is reached from here.",
    )


def too_old(version: str) -> Trouble | None:
    """Return what to say of a Redis of this version; None for one that is new enough, or doesn't tell."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or tuple(map(int, found.groups())) >= OLDEST:
        return None
    return Trouble("version", f"Redis {found[0]} is too old: use Redis 7.0 or newer, or any Valkey.")


def _findings(error: BaseException) -> Iterator[tuple[str, str]]:
    yield from _of_the_way(error)
    code = _code(error)
    if isinstance(error, exceptions.NoPermissionError) or "ACL failure in script" in str(error):
        yield ("permission", _forbidden(str(error)))
    said = str(error)
    if isinstance(error, exceptions.AuthenticationError) or code == "NOAUTH" or any(one in said for one in _NO_LOGIN):
        yield "password", f"Redis does not take the login ({code}): mend user and password in DUNNING_REDIS_URL."
    if isinstance(error, _CLUSTER) or code in {"CROSSSLOT", "MOVED", "CLUSTERDOWN"} or "cluster mode" in str(error):
        yield "cluster", "Redis is in Cluster mode: Dunning needs one server, or one master behind Sentinel."
    if "DB index" in str(error):
        yield (
            "database",
            "Redis has no database of that number (SELECT): DUNNING_REDIS_URL should name one that it has.",
        )
    yield from _of_its_state(error, code)


def _of_its_state(error: BaseException, code: str) -> Iterator[tuple[str, str]]:
    """Say what is wrong with a server that would let us in."""
    if isinstance(error, exceptions.ReadOnlyError):
        yield "role", "Redis refuses writes (READONLY): this is a replica; DUNNING_REDIS_URL should name the master."
    if isinstance(error, exceptions.OutOfMemoryError):
        yield "refuses_writes", "Redis refuses writes (OOM): its memory is full; give it more, by maxmemory."
    if code == "MISCONF":
        yield "refuses_writes", "Redis refuses writes (MISCONF): it can't write to its disk; make room there."
    if code == "NOREPLICAS":
        yield (
            "refuses_writes",
            "Redis refuses writes (NOREPLICAS): fewer replicas follow it than min-replicas-to-write.",
        )
    if isinstance(error, exceptions.BusyLoadingError):
        yield "loading", "Redis is loading its data: it answers by itself once that is done."
    if code in {"BUSY", "MASTERDOWN"}:
        yield "refuses", f"Redis does not work just now ({code}): see its own log."


def _of_the_way(error: BaseException) -> Iterator[tuple[str, str]]:
    """Say what is wrong before Redis has said a word."""
    kind = type(error).__name__
    if isinstance(error, MasterNotFoundError):
        yield "address", f"Redis does not answer ({kind}): no sentinel names a master; mend the hosts or the service."
    causes = list(_causes(error))
    if any(isinstance(cause, FileNotFoundError) for cause in causes):
        yield "address", f"Redis does not answer ({kind}): its socket, or the file of an ssl_ option, is not there."
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        yield "name", f"Redis does not answer ({kind}): the host's name in DUNNING_REDIS_URL is not known here."
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        yield "tls", f"Redis does not answer ({kind}): its certificate is not trusted for this host; see ssl_ca_certs."
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        yield "tls", f"Redis does not answer ({kind}): TLS fails; a server without TLS is reached by redis://."
    said = isinstance(error, exceptions.ConnectionError) and "closed by server" in str(error)
    if said or any(isinstance(cause, ConnectionResetError) for cause in causes):
        yield "tls", f"Redis does not answer ({kind}): it hangs up; a server with TLS is reached by rediss://."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = set()  # an error raised anew may be its own cause's cause
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _forbidden(said: str) -> str:
    found = _COMMAND.search(said)
    if found:
        command = found[1].upper()
        return f"Redis refuses the command {command} (NOPERM): its ACL should let Dunning's user run it."
    return "Redis refuses a key (NOPERM): its ACL should let Dunning's user read and write ~dunning:* and ~arq:*."


def _code(error: BaseException) -> str:
    """Return the error's code word; the rest of its text is not ours to show."""
    if type(error) is not exceptions.ResponseError:
        return type(error).__name__
    word = (str(error).split() or ["ERR"])[0]
    return word if re.fullmatch(r"[A-Z]+", word) else "ERR"
