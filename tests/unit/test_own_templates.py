"""What a look at a seller's templates finds that no example shows, each with its file and line."""

from pathlib import Path

import pytest

from cli.plan.own_templates.check import template_problems
from cli.plan.own_templates.images import image_problems
from cli.plan.own_templates.mjml import mjml_problems
from cli.plan.own_templates.variables import variable_problems
from tests.unit.mails import RENDERER
from worker.letters.compiled import SHIPPED

FILE = Path("one.mjml")
IN_COLUMN = "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n{}\n</mj-column>\n</mj-section>\n</mj-body>\n</mjml>"


def in_mjml(content: str) -> list[str]:
    return list(mjml_problems(FILE, IN_COLUMN.replace("{}", content)))


def test_nothing_is_wrong_with_what_is_shipped() -> None:
    assert list(template_problems(SHIPPED, RENDERER.variables, RENDERER.members)) == []


def test_a_variable_is_missed_in_a_branch_that_no_example_takes() -> None:
    source = '{{ link }}\n{% if advice_key == "top_up" %}\n{{ amont }}\n{% endif %}'

    assert list(variable_problems(FILE, source, {"link", "advice_key", "amount"})) == [
        "one.mjml:3: 'amont' is no variable (did you mean 'amount'?)"
    ]


def test_a_part_of_a_variable_is_missed_in_a_branch_that_no_example_takes() -> None:
    source = '{% if step == "x" %}\n{{ brand.nmae }}\n{% for one in debts %}\n{{ one.amuont }}{% endfor %}{% endif %}'

    assert list(variable_problems(FILE, source, RENDERER.variables, RENDERER.members)) == [
        "one.mjml:2: 'brand' has no 'nmae' (did you mean 'name'?)",
        "one.mjml:4: 'one' has no 'amuont' (did you mean 'amount'?)",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "{{ brand.light.ink }}{{ method.last4 }}{% for bill in bills %}{{ bill.billed_on }}{% endfor %}",
        "{% for name, value in brand.items() %}{{ name }}{% endfor %}",
        "{% set brand = debts[0].method %}{{ brand.kind }}",
        "{% for method in products %}{{ method.upper() }}{% endfor %}",
    ],
)
def test_a_part_that_there_is_is_no_slip(source: str) -> None:
    assert list(variable_problems(FILE, source, RENDERER.variables, RENDERER.members)) == []


@pytest.mark.parametrize(
    "source",
    [
        "{% for debt in debts %}{{ debt.link }}{{ loop.index }}{% endfor %}",
        "{% set x = link %}{{ x }}",
        "{% for n in range(3) %}{{ n }}{% endfor %}",
        "{% macro line(a) %}{{ a }}{% endmacro %}{{ line(link) }}",
        "{% if %}",
    ],
)
def test_what_a_template_names_itself_is_no_slip(source: str) -> None:
    assert list(variable_problems(FILE, source, {"link", "debts"})) == []


def test_a_filter_that_is_not_known_is_left_to_the_compiler() -> None:
    assert list(variable_problems(FILE, "{{ link | shorter }} {{ amont }}", {"link", "amount"})) == []


def test_what_is_included_knows_the_names_of_who_includes_it(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text('{% for debt in debts %}{% include "_debt.txt" %}{% endfor %}')
    (tmp_path / "_debt.txt").write_text("{{ debt.link }} {{ dept }}")

    assert list(template_problems(tmp_path, {"debts"})) == [
        f"{tmp_path}/_debt.txt:1: 'dept' is no variable (did you mean 'debt'?)"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<mj-txt>Hi</mj-txt>", "one.mjml:5: <mj-txt> is no MJML (did you mean 'mj-text'?)"),
        ("<mj-Text>Hi</mj-Text>", "one.mjml:5: <mj-Text> is no MJML (did you mean 'mj-text'?)"),
        (
            '<mj-button hrf="x">Pay</mj-button>',
            "one.mjml:5: 'hrf' changes nothing about <mj-button> (did you mean 'href'?)",
        ),
        (
            '<mj-text color="#ff0000"\n colour="red">Hi</mj-text>',
            "one.mjml:6: 'colour' changes nothing about <mj-text> (did you mean 'color'?)",
        ),
        ('<mj-text mj-class="none">Hi</mj-text>', "one.mjml:5: 'mj-class' changes nothing about <mj-text>"),
        (
            "<mj-text><mj-button>Pay</mj-button></mj-text><mj-button>Pay</mj-button>",
            "one.mjml:5: <mj-button> stands in <mj-text>, which holds HTML alone: mail programs pass over it",
        ),
        (
            '<mj-image src="https://x.example/a.png" target="_blank" />',
            "one.mjml:5: 'target' changes nothing about <mj-image>",
        ),
    ],
)
def test_what_mjml_passes_over_is_found(content: str, problem: str) -> None:
    assert in_mjml(content) == [problem]


@pytest.mark.parametrize(
    "content",
    [
        '<mj-text color="#000000" padding="10px 25px" align="left" font-size="13px">as it is anyway</mj-text>',
        '<mj-button href="{{ link }}" target="_blank" css-class="button">Pay</mj-button>',
        "<mj-raw>{% if several %}</mj-raw><mj-text>Hi</mj-text><mj-raw>{% endif %}</mj-raw>",
        "<mj-table><tr><td colspan='2' nonsense='x'>HTML's own</td></tr></mj-table>",
        '<mj-divider border-color="#eeeeee" border-width="1px" />',
    ],
)
def test_what_mjml_heeds_is_no_slip(content: str) -> None:
    assert in_mjml(content) == []


def test_mjml_in_a_file_of_html_is_told(tmp_path: Path) -> None:
    (tmp_path / "reminder.html").write_text("<p>Hi</p>\n<mj-text>{{ link }}</mj-text>")

    assert list(template_problems(tmp_path, {"link"})) == [
        f"{tmp_path}/reminder.html:2: <mj-text> is MJML, and compiled only in a file that ends in .mjml"
    ]


def test_a_class_that_is_defined_is_of_use_though_it_changes_nothing() -> None:
    head = '<mj-head><mj-attributes><mj-class name="plain" color="#000000" /></mj-attributes></mj-head>'
    source = IN_COLUMN.replace("<mj-body>", f"{head}<mj-body>").replace("{}", '<mj-text mj-class="plain">Hi</mj-text>')

    assert list(mjml_problems(FILE, source)) == []


def test_what_is_no_mjml_at_all_is_left_to_the_compiler() -> None:
    assert list(mjml_problems(FILE, "<mjml><mj-body><mj-text>Hi</mj-text></mj-body></mjml>")) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("logo.png", "relative"),
        ("/logo.png", "relative"),
        ("//cdn.acme.example/logo.png", "relative"),
        ("https://[logo.png", "relative"),
        ("http://cdn.acme.example/logo.png", "not encrypted"),
        ("data:image/png;base64,AAAA", "written into the mail"),
        ("cid:logo", "nothing is attached"),
        ("https://localhost/logo.png", "only people near localhost"),
        ("https://10.0.0.7/logo.png", "only people near 10.0.0.7"),
        ("https://files.local/logo.png", "only people near files.local"),
        ("https://cdn.acme.example/logo.SVG?v=2", "Gmail and Outlook show no SVG"),
    ],
)
def test_an_image_that_nobody_can_fetch_is_found(url: str, why: str) -> None:
    for source in (f'<p>\n<img src="{url}">', f"<p>\n<p style='background:url({url})'>", f'\n<mj-image src="{url}" />'):
        (problem,) = image_problems(FILE, source)
        assert problem.startswith("one.mjml:2: the image ")
        assert why in problem


def test_an_image_is_found_whose_address_has_no_quotes() -> None:
    (problem,) = image_problems(FILE, "<p>\n<img width=9 SRC=logo.png alt=x>")

    assert problem.startswith("one.mjml:2: the image can't be fetched: ")


def test_an_image_in_a_comment_is_no_slip_unless_outlook_reads_it() -> None:
    comments = '{# <img src="a.png">\n#}<!-- <p style="background:url(a.png)"> -->'
    (problem,) = image_problems(FILE, f'{comments}\n<!--[if mso]><p style="background:url(b.png)"><![endif]-->')

    assert problem.startswith("one.mjml:3: ")


@pytest.mark.parametrize(
    "url",
    ["https://cdn.acme.example/logo.png", "{{ brand.logo }}", "https://{{ host }}/a.png", "https://1.1.1.1/a.png"],
)
def test_an_image_that_can_be_fetched_is_no_slip(url: str) -> None:
    assert list(image_problems(FILE, f'<img alt="x" src="{url}"><a href="http://acme.example">')) == []
