"""Who is signed in, and the cookie that says so."""

from dataclasses import dataclass, field

from aiohttp import web
from yarl import URL

from console.keys import CLOCK, SETTINGS, STORE
from dunning import time_limits
from dunning.people import PersonRole, Use, form_token, has_digest, pass_id
from dunning.settings.console import LONGEST_NAME

# A browser takes the first only over https, for this host alone: https://datatracker.ietf.org/doc/html/rfc6265bis
_COOKIE_OVER_HTTPS, _COOKIE = "__Host-dunning", "dunning"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in. `form_token` is what each of their forms brings back."""

    name: str
    role: PersonRole
    session_id: str | None
    """None for somebody whom a proxy names."""
    form_token: str = field(repr=False)

    @property
    def may_change(self) -> bool:
        """Whether they may change anything."""
        return self.role.covers(PersonRole.OPERATOR)


PERSON = web.RequestKey("person", Person)


async def find_person(request: web.Request) -> Person | None:
    """Return who is signed in, and note that they are here."""
    return _named_by_proxy(request) or await _in_session(request)


def _named_by_proxy(request: web.Request) -> Person | None:
    """Return whom a proxy names that is trusted. Its header means nothing from any other address."""
    proxy = request.app[SETTINGS].console.proxy
    # The other end of the connection, whatever headers say.
    if proxy is None or not proxy.trusts(request.remote):
        return None
    names = request.headers.getall(proxy.header, [])
    if len(names) != 1 or not names[0].strip() or not names[0].isprintable() or len(names[0]) > LONGEST_NAME:
        return None
    name = names[0].strip()
    return Person(name, proxy.role_of(name), None, form_token(f"{link_secrets(request)[0]}:{name}"))


async def _in_session(request: web.Request) -> Person | None:
    text = request.cookies.get(_cookie(request), "")
    named = pass_id(text)
    if named is None:
        return None
    people, now = request.app[STORE].people, request.app[CLOCK]()
    session = await people.find_session(named, now)
    if session is None or not has_digest(text, session.digest, Use.SESSION, link_secrets(request)):
        return None
    await people.note_use(session, now)
    return Person(session.name, session.role, session.id, form_token(text))


def link_secrets(request: web.Request) -> list[str]:
    """Return the keys of what lets people in, the one that makes first."""
    return [secret.get_secret_value() for secret in request.app[SETTINGS].link_secrets]


def give_cookie(request: web.Request, response: web.Response, text: str) -> None:
    """Let the browser keep a session. No script reads it, and no page of another site's sends it."""
    response.set_cookie(
        _cookie(request),
        text,
        max_age=int(time_limits.SESSION.total_seconds()),
        httponly=True,
        secure=_is_https(request),
        samesite="Strict",
        path="/",
    )


def take_cookie(request: web.Request, response: web.Response) -> None:
    """Have the browser forget its session."""
    response.del_cookie(_cookie(request), path="/", secure=_is_https(request), httponly=True, samesite="Strict")


def _cookie(request: web.Request) -> str:
    return _COOKIE_OVER_HTTPS if _is_https(request) else _COOKIE


def _is_https(request: web.Request) -> bool:
    """Say whether the browser came over https: by the address that the settings give, whatever headers claim."""
    given = request.app[SETTINGS].console.given_url
    url = URL(given) if given else None
    return url is not None and url.scheme == "https" and request.host.lower() == url.host_port_subcomponent
