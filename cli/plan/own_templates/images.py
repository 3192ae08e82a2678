"""Images that mail programs can't fetch."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cli.plan.own_templates.tags import read_tags, without_comments

_OF_AN_IMAGE = frozenset({"background", "background-url", "src"})
_IN_CSS = re.compile(r"""url\(\s*["']?(?P<url>[^"')]+)""")
_RELATIVE = "a mail has no address that the image's could be relative to"
_OTHER_SCHEMES = {
    "http": "it is not encrypted, and many mail programs show no such image",
    "data": "Gmail and Outlook show no image that is written into the mail",
    "cid": "nothing is attached to these mails",
}
_VECTOR = "Gmail and Outlook show no SVG"
_SHOULD = "it should be an https URL that everybody can reach"


def image_problems(file: Path, source: str) -> Iterator[str]:
    """Give each image that can't be fetched or shown, with its line."""
    source = without_comments(source)
    for tag in read_tags(source):
        for attribute in tag.attributes:
            if attribute.name.lower() in _OF_AN_IMAGE and (problem := problem_of(attribute.value)):
                yield f"{file}:{attribute.line}: {problem}"
    for number, line in enumerate(source.splitlines(), start=1):
        for found in _IN_CSS.finditer(line):
            if problem := problem_of(found["url"]):
                yield f"{file}:{number}: {problem}"


def problem_of(url: str) -> str:
    """Say what is wrong with the address of an image; nothing where all is well."""
    why = _why_not(url)
    if why == _VECTOR:
        return f"the image isn't seen by everybody: {why}; it should be a PNG, a JPEG or a GIF"
    return f"the image can't be fetched: {why}; {_SHOULD}" if why else ""


def _why_not(url: str) -> str:
    """Say why mail programs can't fetch an image; nothing where they can, or where a variable says where it is."""
    url = url.strip()
    if url.startswith("{"):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return _RELATIVE
    scheme = parts.scheme.lower()
    if scheme == "https":
        if parts.path.lower().endswith((".svg", ".svgz")):
            return _VECTOR
        return f"only people near {host} reach it" if _is_near(host) else ""
    return _OTHER_SCHEMES.get(scheme, _RELATIVE)


def _is_near(host: str) -> bool:
    if "{" in host:
        return False
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal"))
