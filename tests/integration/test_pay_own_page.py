"""Payment pages with a seller's own template and style in place of the shipped ones."""

import base64
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from cli.plan.preview.files import SellersFiles
from dunning.addresses.mailbox import Mailbox
from dunning.errors import ConfigurationError
from tests.integration.edge import running, settings
from webhooks.app import create_app

PAGE = """<title>{{ title }}</title><style>{{ style | safe }}</style><h1>Ours: {{ say("title") }}</h1>
{% if has("button") %}<form method="post"><button>{{ say("button") }}</button></form>{% endif %}
"""
REDIS = "redis://127.0.0.1:9"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    return tmp_path


async def test_the_seller_s_page_and_style_are_served(folder: Path, redis_url: str) -> None:
    (folder / "pages" / "page.html").write_text(PAGE)
    (folder / "pages" / "style.css").write_text("h1 { color: {{ light.ground }} }")

    async with running(settings(redis_url, TEMPLATES=str(folder))) as edge:
        response = await edge.http.get(edge.url / "pay" / "none")
        html, policy = await response.text(), response.headers["Content-Security-Policy"]

    style = html.partition("<style>")[2].partition("</style>")[0]
    assert response.status == 404
    assert "<h1>Ours: This link" in html
    assert style.startswith("h1 { color: #")
    assert f"'sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}'" in policy


async def test_what_the_folder_lacks_is_the_shipped_one(folder: Path, redis_url: str) -> None:
    (folder / "pages" / "style.css").write_text("h1 { color: red }")

    async with running(settings(redis_url, TEMPLATES=str(folder))) as edge:
        html = await (await edge.http.get(edge.url / "pay" / "none")).text()

    assert "<style>h1 { color: red }</style>" in html
    assert '<footer class="quiet">' in html


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("page.html", PAGE + "\n{{ nmae }}", "page.html:4: 'nmae' is undefined"),
        ("page.html", PAGE + "{% if %}", "page.html:3: Expected an expression"),
        ("style.css", "h1 {\ncolor: {{ lihgt.ground }} }", "style.css:2: 'lihgt' is undefined"),
        ("page.html", "<h1>{{ title }}</h1>", 'page.html: it has no <form method="post"> with a button on pay,'),
        ("page.html", '<form method="post">{{ title }}</form>', "page.html: it has no <form method"),
    ],
)
def test_a_slip_is_told_at_the_start_by_the_check_and_in_the_gallery(
    folder: Path, name: str, text: str, problem: str
) -> None:
    (folder / "pages" / name).write_text(text)
    told = f"{folder}/pages/{problem}"

    with pytest.raises(ConfigurationError) as caught:
        create_app(settings(REDIS, TEMPLATES=str(folder)))
    checked = CliRunner().invoke(main, ["campaigns", "check", "--templates", str(folder)])
    shown = SellersFiles(None, folder, Mailbox("Acme", "billing@acme.example"), None).read().problems

    assert [one.startswith(told) for one in caught.value.problems] == [True], caught.value.problems
    assert checked.exit_code == 2
    assert checked.stderr.startswith(told)
    assert [one.startswith(told) for one in shown] == [True]


def test_a_file_that_no_page_is_made_from_is_named(folder: Path) -> None:
    (folder / "pages" / "pay.html").write_text("")

    checked = CliRunner().invoke(main, ["campaigns", "check", "--templates", str(folder)])

    assert checked.exit_code == 0
    assert (
        f"{folder}/pages/pay.html: no page is made from it; its name should be page.html or style.css."
        in checked.stdout
    )
