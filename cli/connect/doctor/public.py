"""Looks at the public address as a customer does."""

import ssl
from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import ClientError, ClientSession, ClientSSLError, ClientTimeout, TCPConnector

from dunning.addresses.web import parse_web_url
from dunning.findings import Finding, Level
from dunning.settings.load import Settings
from dunning.watch.certificate import certificate_end

ABOUT = "public"
ANSWER_WITHIN = timedelta(seconds=4)
ENDS_SOON = timedelta(days=14)

# No link: it has no signature, and is answered with our page that says so.
NO_LINK = "/pay/doctor"
OUR_POLICY = "form-action"


async def look_at_public_address(settings: Settings, now: datetime) -> list[Finding]:
    """Look whether the address leads to us, and to no more than it should."""
    url = settings.public_url
    loopback = parse_web_url(url).loopback
    timeout = ClientTimeout(total=ANSWER_WITHIN.total_seconds())
    try:
        async with ClientSession(timeout=timeout, connector=TCPConnector(ssl=ssl.create_default_context())) as http:
            async with http.get(url + NO_LINK, allow_redirects=False) as answer:
                is_ours = answer.status == HTTPStatus.NOT_FOUND and OUR_POLICY in answer.headers.get(
                    "Content-Security-Policy", ""
                )
                findings = [_of_answer(url, answer.status, is_ours=is_ours)]
            if url.startswith("https:"):  # else nobody but this machine is led there
                findings += await _of_metrics(http, url)
    except ClientSSLError as error:
        return [_of_tls(error)]
    except (ClientError, OSError) as error:
        return [_of_silence(url, type(error).__name__, loopback=loopback)]
    return [*findings, *await _of_certificate(url, now)]


def _of_answer(url: str, status: int, *, is_ours: bool) -> Finding:
    if is_ours:
        return Finding(ABOUT, Level.OK, f"{url} leads to Dunning.")
    return Finding(
        ABOUT,
        Level.FAILURE,
        f"{url} is answered by something else than Dunning (status {status}).",
        "Forward /webhooks/paddle, /pay/ and /mail/ to `dunning webhooks`, and see that it runs.",
    )


def _of_silence(url: str, error: str, *, loopback: bool) -> Finding:
    return Finding(
        ABOUT,
        Level.WARNING,
        f"{url} does not answer from here ({error}).",
        "Start `dunning up` or `dunning webhooks`."
        if loopback
        else "Start `dunning webhooks` and the proxy before it. If both run, see whether it answers from elsewhere.",
    )


def _of_tls(error: ClientSSLError) -> Finding:
    cause = error.__cause__
    why = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else type(error).__name__
    return Finding(
        "public.tls",
        Level.FAILURE,
        f"Browsers and Paddle refuse the certificate of DUNNING_PUBLIC_URL ({why}).",
        "Install a certificate for this host, with its whole chain.",
    )


async def _of_metrics(http: ClientSession, url: str) -> list[Finding]:
    async with http.get(url + "/metrics", allow_redirects=False) as answer:
        is_open = answer.status == HTTPStatus.OK and "dunning_" in await answer.text(errors="replace")
    if is_open:
        return [
            Finding(
                "public.metrics",
                Level.WARNING,
                "Everybody can read /metrics at the public address.",
                "Let the proxy forward /webhooks/paddle, /pay/ and /mail/, and nothing else.",
            )
        ]
    return [Finding("public.metrics", Level.OK, "/metrics is shut at the public address.")]


async def _of_certificate(url: str, now: datetime) -> list[Finding]:
    ends_at = await certificate_end(url, now)
    if ends_at is None:
        return []
    means = f"The certificate ends on {ends_at:%Y-%m-%d}."
    if ends_at - now < ENDS_SOON:
        return [
            Finding("public.certificate", Level.WARNING, means, "Renew it, and see why that does not go by itself.")
        ]
    return [Finding("public.certificate", Level.OK, means)]
