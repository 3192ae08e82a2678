"""A seller's own templates: what they can replace, and how their slips are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dunning.addresses.mailbox import Mailbox
from dunning.errors import ConfigurationError
from worker.letters.render import Renderer
from worker.letters.values import MailFacts
from worker.mail.http_api import parts_of

FACTS = MailFacts(
    template="payment_failed",
    step="first",
    case_id="txn_1",
    customer_name="Eve <3",
    recipient="eve@customer.example",
    locale="en",
    product_names=("Pro",),
    amount=1200,
    currency_code="USD",
    card_last4="4242",
    reason="generic",
    link="https://billing.acme.example/pay/x?a=1&b=2",
    ends_on=None,
    dated_at=datetime(2026, 11, 22, tzinfo=UTC),
)

WriteTemplates = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteTemplates:
    def write(**files: str) -> Path:
        for name, text in files.items():
            stem, _, ending = name.rpartition("__")
            (tmp_path / f"{stem}.{ending.replace('_', '.')}").write_text(text, "utf-8")
        return tmp_path

    return write


def renderer(templates: Path) -> Renderer:
    return Renderer(templates, Mailbox("Acme", "billing@acme.example"), None, None)


def problems(templates: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        renderer(templates)
    return [problem.replace(f"{templates}/", "") for problem in raised.value.problems]


def test_a_folder_with_nothing_in_it_changes_nothing(tmp_path: Path) -> None:
    shipped = Renderer(None, Mailbox("Acme", "billing@acme.example"), None, None)

    assert renderer(tmp_path).render(FACTS).as_bytes() == shipped.render(FACTS).as_bytes()


def test_one_own_part_takes_the_place_of_the_shipped_one(write: WriteTemplates) -> None:
    folder = write(payment_failed__txt="Hi {{ customer_name }}, pay {{ amount }}:\n{{ link }}\n")

    mail = renderer(folder).render(FACTS)

    text, html = parts_of(mail)
    assert text == "Hi Eve <3, pay $12.00:\nhttps://billing.acme.example/pay/x?a=1&b=2\n"
    assert ">Pay $12.00</a>" in html


def test_own_mjml_is_compiled_and_escapes_what_it_is_given(write: WriteTemplates) -> None:
    folder = write(
        payment_failed__mjml="<mjml><mj-body><mj-section><mj-column>"
        '<mj-text>Hi {{ customer_name }}</mj-text><mj-button href="{{ link }}">Pay</mj-button>'
        "</mj-column></mj-section></mj-body></mjml>"
    )

    _, html = parts_of(renderer(folder).render(FACTS))

    assert "Hi Eve &lt;3" in html
    assert 'href="https://billing.acme.example/pay/x?a=1&amp;b=2"' in html


def test_own_html_is_used_as_it_is(write: WriteTemplates) -> None:
    folder = write(payment_failed__html='<a href="{{ link }}">{{ customer_name }}</a>')

    _, html = parts_of(renderer(folder).render(FACTS))

    assert html == '<a href="https://billing.acme.example/pay/x?a=1&amp;b=2">Eve &lt;3</a>\n'


def test_an_own_layout_dresses_the_shipped_mails(write: WriteTemplates) -> None:
    folder = write(_layout__html='<a href="{{ link }}">{{ title }}</a>{% block message %}{% endblock %}')

    _, html = parts_of(renderer(folder).render(FACTS))

    assert html.startswith(
        '<a href="https://billing.acme.example/pay/x?a=1&amp;b=2">Your payment didn&#39;t go through</a>'
    )
    assert "A payment can fail for many reasons" in html


def test_a_new_mail_needs_all_its_parts(write: WriteTemplates) -> None:
    whole = write(vip__subject_txt="For you", vip__txt="{{ link }}", vip__html="{{ link }}")
    assert renderer(whole).has_template("vip")
    assert not renderer(whole).has_template("unheard_of")
    assert renderer(whole).render(replace(FACTS, template="vip"))["Subject"] == "For you"

    (whole / "vip.html").unlink()

    assert problems(whole) == [f"{whole}: vip.html is missing; vip needs subject.txt, txt, html"]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"reminder__txt": "one\n{% if %}\n{{ link }}"}, "reminder.txt:2: Expected an expression"),
        ({"reminder__txt": "one\n\n{{ amuont }}\n{{ link }}"}, "reminder.txt:3: 'amuont' is undefined"),
        ({"reminder__html": "\n{{ link.gone.far }}"}, "reminder.html:2: 'str object' has no attribute 'gone'"),
        ({"reminder__mjml": "<mjml>\n{% endif %}</mjml>"}, "reminder.mjml:2: Encountered unknown tag 'endif'."),
        ({"reminder__mjml": "<p>{{ link }}</p>"}, "reminder.mjml:1: no MJML: unexpected token"),
        ({"reminder__txt": "Pay: {{ link }}"}, "reminder.txt: the link does not stand alone on a line"),
        ({"reminder__txt": "{{ link }}\n{% include '_gone.txt' %}"}, "reminder.txt:2: '_gone.txt' is not there"),
        ({"reminder__html": "<p>Pay</p>"}, "reminder.html: the link is missing"),
        ({"reminder__html": "<p>Pay</p><!-- {{ link }} -->"}, "reminder.html: the link is missing"),
        ({"reminder__subject_txt": " \n"}, "reminder.subject.txt: the subject is empty"),
    ],
)
def test_a_slip_is_told_at_start_with_file_and_line(write: WriteTemplates, files: dict[str, str], problem: str) -> None:
    told = problems(write(**files))

    assert len(told) == 1
    assert told[0].startswith(problem)


@pytest.mark.parametrize(
    ("jinja", "problem"),
    [
        ("{{ amuont }}", "'amuont' is undefined"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ link | shorter }}", "No filter named 'shorter'."),
    ],
)
def test_a_slip_in_mjml_is_told_with_its_line_there(write: WriteTemplates, jinja: str, problem: str) -> None:
    written = f"<mj-text>{{{{ link }}}}</mj-text>\n<mj-text>\n{jinja}</mj-text>"
    around = f"<mjml><mj-body><mj-section><mj-column>\n{written}\n</mj-column></mj-section></mj-body></mjml>"

    assert problems(write(reminder__mjml=around)) == [f"reminder.mjml:4: {problem}"]


def test_every_slip_is_told_at_once(write: WriteTemplates) -> None:
    assert len(problems(write(reminder__txt="{{ x }}", final_notice__txt="{{ y }}"))) == 2


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no folder"):
        renderer(tmp_path / "gone")


def test_a_file_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "_foot.txt").write_bytes("Vielen Dank\nfür alles".encode("latin-1"))
    (tmp_path / "reminder.txt").write_text('{{ link }}\n{% include "_foot.txt" %}')

    assert problems(tmp_path) == ["_foot.txt:2: it is not UTF-8 text; save it as UTF-8"]


def test_a_mark_before_the_text_is_no_part_of_the_mail(tmp_path: Path) -> None:
    for name in ("payment_failed.txt", "payment_failed.html"):
        (tmp_path / name).write_text("{{ link }}\n", encoding="utf-8-sig")

    text, html = parts_of(renderer(tmp_path).render(FACTS))

    assert not (text + html).count("\ufeff")


def test_own_sentences_stand_in_place_of_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "sentences.toml").write_text(
        '[mail.payment_failed]\ntitle = { one = "Oh no: {amount}" }\n[reason]\ngeneric = "It did not work."\n'
    )

    mail = renderer(tmp_path).render(FACTS)

    _, html = parts_of(mail)
    assert "Oh no: <bdi>$12.00</bdi></h1>" in html
    assert "It did not work." in html
    assert str(mail["Subject"]).startswith("Payment didn't go through")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[mail.reminder", "it can't be read as TOML"),
        (
            '[mail.reminder]\ntitle = { dated = "x" }',
            "mail.reminder.title has no form 'dated'; it should be one or several",
        ),
        ("[mail]\nreminder = 3", "mail.reminder should be a sentence in quotes"),
        ("[mail.reminder]\ntitle = { one = 3 }", "mail.reminder.title.one should be a sentence in quotes"),
        ('[mail.remindr]\ntitle = "x"', "mail.remindr.title is no sentence (did you mean mail.reminder.title?)"),
        ('[mail.reminder]\ntitle = { two = "x" }', "mail.reminder.title.two is no sentence"),
        ('[mail.reminder]\ntitle = { one = "{card}" }', "mail.reminder.title: {card} is not known there"),
        ('[mail.reminder]\ntitle.one = "{amount"', "mail.reminder.title has a brace without its other"),
        ('[mail.reminder]\nsubject.bare = " "', "mail.reminder.subject is empty; it should be a sentence"),
        ('[mail.button]\npay = ""', "mail.button.pay is empty; it should be a sentence"),
        ('[mail.reminder]\ntitle = "x"', 'it should be { one = "...", several = "..." }, or some of these'),
        ('[reason]\ngeneric = { one = "x" }', "reason.generic has no forms; it should be one sentence in quotes"),
    ],
)
def test_own_sentences_that_are_not_known_are_told_with_their_file(tmp_path: Path, written: str, problem: str) -> None:
    (tmp_path / "sentences.toml").write_text(written)

    (told,) = problems(tmp_path)

    assert told.startswith(f"sentences.toml:{len(written.splitlines())}: ")
    assert problem in told


def test_a_slip_deep_in_own_sentences_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    written = '# mine\n[mail.reminder.title]\none = "x"\n\n[mail.common]\nregards = "y"\nwhy.one = "{ammount}"\n'
    (tmp_path / "de" / "sentences.toml").write_text(written, encoding="utf-8-sig")

    (told,) = problems(tmp_path)

    assert told.startswith("de/sentences.toml:7: mail.common.why: {ammount} is not known there")


def test_sentences_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    (tmp_path / "sentences.toml").write_bytes("# für alle".encode("latin-1"))

    assert problems(tmp_path) == ["sentences.toml: it is not UTF-8 text; save it as UTF-8"]


def test_own_sentences_in_the_folder_for_english_are_heeded_too(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "sentences.toml").write_text('[reason]\ngeneric = "No."\n[mail.common]\nregards = "Bye,"\n')
    (tmp_path / "en" / "sentences.toml").write_text('[reason]\ngeneric = "It did not work."\n')

    text, _ = parts_of(renderer(tmp_path).render(FACTS))

    assert "It did not work." in text
    assert "Bye," in text
