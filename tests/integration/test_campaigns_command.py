"""`dunning campaigns check` and `plan`, as an operator sees them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.rules.campaign_version import version
from worker.letters.compiled import SHIPPED

PRODUCT, PRICE = "pro_01hv8x5b1s2a3b4c5d6e7f8g9h", "pri_01hv8x5b1s2a3b4c5d6e7f8g9h"
EURO = f"""\
[campaign.euro]
on = "renewal_failed"
when = {{ product = "{PRODUCT}", price = "{PRICE}", currency = ["EUR", "CHF"] }}
send_between = ["08:00", "24:00"]
hold_out = "20%"
gives_up = {{ after = "30d", action = "cancel" }}

[[campaign.euro.step]]
name = "only"
after = {{ hard = "90m", soft = "25h", outage = "90s" }}
template = "payment_failed"
"""


def run(*arguments: str | Path) -> Result:
    """Run the command on a screen of 80 columns, with no setting of ours."""
    return CliRunner().invoke(main, ["campaigns", *map(str, arguments)], env={"COLUMNS": "80"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(EURO)
    return path


def test_the_shipped_campaign_is_good() -> None:
    result = run("check", "--templates", SHIPPED)

    assert result.exit_code == 0, result.output
    assert result.stdout == "renewal: 6 steps, the last on day 27; for every renewal\n"


def test_a_good_file_is_told_in_a_line_for_each_campaign(file: Path) -> None:
    file.write_text(EURO + shipped())

    result = run("check", file)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        (
            f"euro: 1 step, the last on day 1, 1 h; for product {PRODUCT} and price {PRICE} and currency CHF or EUR; "
            "20% of the customers get no mail"
        ),
        "renewal: 6 steps, the last on day 27; for every renewal",
        "A renewal follows the first of them that it fits.",
    ]


def test_a_line_for_each_brand_follows(file: Path) -> None:
    file.write_text(
        '[brand]\nname = "Acme"\nsupport = "help@acme.example"\n'
        '[brand.pro]\nwhen = { currency = "EUR" }\nfrom = "Pro <pro@acme.example>"\ncolour = "#0b1f4b"\n'
    )

    result = run("check", file)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "renewal: 6 steps, the last on day 27; for every renewal",
        "brand.pro: Pro, #0b1f4b, from pro@acme.example; for currency EUR",
        "brand: Acme, #2a5bd7, questions to help@acme.example; for every other renewal",
    ]


def test_a_logo_that_not_every_mail_shows_is_told_with_its_line(file: Path) -> None:
    file.write_text(
        '[brand]\nlogo = "https://acme.example/logo.png"\n[brand.pro]\nwhen = { currency = "EUR" }\n'
        'logo = "https://acme.example/logo.svg"\n'
    )

    result = run("check", file)

    assert result.exit_code == 0, result.output
    (told,) = (line for line in result.stdout.splitlines() if line.startswith(str(file)))
    assert told.startswith(f"{file}:5: the image isn't seen by everybody: Gmail and Outlook show no SVG; ")


def test_that_some_renewals_are_left_out_is_told(file: Path) -> None:
    for command in ("check", "plan"):
        assert "A renewal that fits none is not mailed.\n" in run(command, file).stdout


def test_every_problem_is_a_line_and_nothing_is_on_standard_output(file: Path) -> None:
    file.write_text(EURO.replace("renewal_failed", "renewal_faild").replace('"90s"', '"soon"'))

    result = run("check", file)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == [
        f"{file}:2: 'renewal_faild' is not known here",
        f"{file}:10: 'soon' is no duration",
    ]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")

    for name, problem in (
        ("none.toml", "can't be read (No such file or directory)"),
        (".", "can't be read (Is a directory)"),
        ("binary.toml", "not UTF-8 text"),
    ):
        result = run("plan", tmp_path / name)

        assert result.exit_code == 2
        assert result.stderr == f"{tmp_path / name}: {problem}; should be a campaign file\n"


def test_a_template_that_is_not_there_is_told_with_its_line_and_the_nearest(file: Path, tmp_path: Path) -> None:
    file.write_text(EURO.replace("payment_failed", "paymant_failed"))
    (tmp_path / "templates").mkdir()

    result = run("check", file, "--templates", tmp_path / "templates")

    assert result.exit_code == 2
    assert result.stderr == (
        f"{file}:11: 'paymant_failed' is no template; should be one of {tmp_path / 'templates'} or a shipped one "
        "(did you mean 'payment_failed'?)\n"
    )


def test_a_template_of_ones_own_is_found_and_tried(file: Path, tmp_path: Path) -> None:
    file.write_text(EURO.replace("payment_failed", "mine"))
    for suffix, text in (("subject.txt", "Hello"), ("txt", "{{ link }}"), ("html", "<a href='{{ link }}'>Pay</a>")):
        (tmp_path / f"mine.{suffix}").write_text(text)

    good = run("check", file, "--templates", tmp_path)
    (tmp_path / "mine.txt").write_text("Hello\n{{ lnik }}")
    bad = run("check", file, "--templates", tmp_path)

    assert good.exit_code == 0, good.output
    assert bad.exit_code == 2
    assert bad.stderr.startswith(f"{tmp_path / 'mine.txt'}:2: ")


def test_problems_of_the_file_and_of_the_templates_are_told_together(file: Path, tmp_path: Path) -> None:
    file.write_text(EURO.replace("renewal_failed", "renewal_faild"))

    result = run("check", file, "--templates", tmp_path / "none")

    assert result.exit_code == 2
    assert [line.split(" ")[0] for line in result.stderr.splitlines()] == [f"{file}:2:", f"{tmp_path / 'none'}:"]


def test_templates_that_are_not_shipped_are_named_where_no_folder_is(file: Path) -> None:
    file.write_text(EURO.replace("payment_failed", "mine"))

    result = run("check", file)

    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("the folder that DUNNING_TEMPLATES names: mine.\n")


def test_the_plan_says_on_which_day_each_mail_goes_out() -> None:
    result = run("plan")

    (campaign,) = parse_campaigns(shipped(), "default.toml")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.output
    assert lines[0] == ["renewal,", "on", "renewal_failed,", "version", version(campaign)]
    assert ["step", "hard", "soft", "outage", "template"] in lines
    assert ["first", "day", "0,", "2", "h", "day", "1", "day", "2", "payment_failed"] in lines
    assert ["final", *["day", "27"] * 3, "final_notice"] in lines


def test_the_plan_says_for_whom_at_which_hours_and_until_when(file: Path) -> None:
    result = run("plan", file)

    for told in (
        f"product       {PRODUCT}",
        f"price         {PRICE}",
        "currency      CHF or EUR",
        "send_between  08:00 to 24:00, by the clock of the customer's country",
        "hold_out      20% of the customers get no mail, to measure what mails bring",
        "gives_up      Paddle cancels the subscription on day 30, mails say",
        "day 0, 90 min   day 1, 1 h   day 0, 90 s",
    ):
        assert told in result.stdout


def test_the_plan_fits_the_screen_and_cuts_nothing(file: Path) -> None:
    file.write_text(EURO.replace('"only"', f'"{"z" * 32}"').replace("payment_failed", "z" * 32))

    result = run("plan", file)

    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stdout.count("z") == 3 * 32  # the step, its template, and the remark that it isn't shipped
    assert "\x1b" not in result.stdout


def test_files_that_no_mail_is_made_from_are_named(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    for name in ("remider.txt", "reminder.htm", "_part.txt", "sentences.toml", "reminder_2.txt"):
        (folder / name).write_text("[mail]\n" if name.endswith("toml") else "{{ link }}\n")
    for part in ("subject.txt", "html"):
        (folder / f"remider.{part}").write_text("{{ link }}\n")

    result = run("check", file, "--templates", folder)

    assert result.exit_code == 0, result.output
    told = [line for line in result.output.splitlines() if line.startswith(str(folder))]
    assert any(line.startswith(f"{folder / 'remider.txt'}: no step uses the template 'remider'") for line in told)
    assert any(line.startswith(f"{folder / 'reminder.htm'}: no mail is made from it") for line in told)
    assert any("reminder_2.txt" in line for line in told) is ("reminder_2" not in file.read_text())
    assert f"{folder / '_part.txt'}: no template includes or extends it." in told
    assert not any(line.startswith(str(folder / "sentences.toml")) for line in told)


def test_templates_are_read_for_what_no_example_shows(tmp_path: Path) -> None:
    (tmp_path / "reminder.mjml").write_text(
        "<mjml><mj-body><mj-section><mj-column>\n"
        '<mj-image src="logo.png" />\n'
        '<mj-button hrf="{{ link }}" href="{{ link }}">Pay</mj-button>\n'
        '<mj-text>{% if advice_key == "top_up" %}\n{{ amont }}{% endif %}</mj-text>\n'
        "</mj-column></mj-section></mj-body></mjml>"
    )

    result = run("check", "--templates", str(tmp_path))

    file = tmp_path / "reminder.mjml"
    assert result.exit_code == 2
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == [
        f"{file}:5: 'amont' is no variable (did you mean 'amount'?)",
        f"{file}:2: the image can't be fetched: a mail has no address that the image's could be relative to",
        f"{file}:3: 'hrf' changes nothing about <mj-button> (did you mean 'href'?)",
    ]


def test_a_slip_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text("{{ nmae }}\n{{ link }}\n")

    result = run("check", "--templates", str(tmp_path))

    assert result.stderr == f"{tmp_path / 'reminder.txt'}:1: 'nmae' is no variable\n"


def test_what_no_mail_is_made_from_in_a_languages_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "remindr.txt").write_text("Hi")
    (tmp_path / "en" / "reminder.txt").write_text("Hi\n{{ link }}\n")
    (tmp_path / "deutsch").mkdir()

    result = run("check", "--templates", str(tmp_path))

    assert result.exit_code == 0, result.output
    assert (
        f"{tmp_path}/en/remindr.txt: no step uses the template 'remindr' (did you mean 'reminder'?)." in result.stdout
    )
    assert f"{tmp_path}/deutsch: no mail is made from this folder; it should be named for a language" in result.stdout
    assert "en/reminder.txt" not in result.stdout


def test_the_plan_is_a_document_too() -> None:
    result = CliRunner().invoke(main, ["campaigns", "plan", "--json"])

    (campaign,) = json.loads(result.stdout)["campaigns"]
    assert (campaign["name"], campaign["when"]) == ("renewal", {"product": [], "price": [], "currency": []})
    assert campaign["hold_out_percent"] == 0
    assert campaign["steps"][0] == {
        "name": "first",
        "template": "payment_failed",
        "after_seconds": {"hard": 7_200, "soft": 86_400, "outage": 172_800},
    }
