import json
import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.plan.simulate.scenarios import SCENARIOS
from dunning.campaign_file.reader import shipped

CAMPAIGN = """
[campaign.pounds]
on = "renewal_failed"
when = { currency = "GBP" }

[[campaign.pounds.step]]
name = "only"
after = "1h"
template = "payment_failed"

[campaign.others]
on = "renewal_failed"

[[campaign.others.step]]
name = "late"
after = "20d"
template = "final_notice"
"""


def run(*arguments: str) -> Result:
    """Run the command with an environment that has nothing of ours."""
    return CliRunner().invoke(main, ["simulate", *arguments], env={"DUNNING_REDIS_URL": "nothing that may be read"})


def told(result: Result) -> str:
    """Give what was printed, without the line ends that its width asks for."""
    assert result.exit_code == 0, result.output
    return re.sub(r"\s+", " ", result.stdout)


def test_every_scenario_is_listed_and_played() -> None:
    listed, played = run("--list"), run()

    for name in SCENARIOS:
        assert name in listed.stdout
        assert f"\n{name}  {SCENARIOS[name].title}" in played.stdout


def test_it_is_plain_text_of_80_columns_where_it_is_no_terminal() -> None:
    result = run()

    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


@pytest.mark.parametrize(
    ("scenario", "end"),
    [
        ("soft-recovered", "recovered on day 4: 2 sent"),
        ("hard-to-the-end", r"stopped \(\w+\) on day 30: 6 sent"),
        ("outage-cured", "recovered on day 1: no step was due"),
        ("paid-between-steps", "recovered on day 5: 2 sent"),
        ("paid-by-link", "recovered on day 0: 1 sent"),
        ("canceled", r"stopped \(\w+\) on day 6: 2 sent"),
        ("paused", r"stopped \(\w+\) on day 8: 3 sent"),
        ("charged-back", r"stopped \(charged_back\) on day 2: 1 sent"),
        ("two-debts", "Lantern Weekly, bill 2: recovered on day 15"),
        ("two-subscriptions", "Lantern Notes: recovered on day 8"),
        ("suppressed", "recovered on day 16: 1 sent, 3 skipped"),
        ("turned-manual", "recovered on day 9: 1 sent, 2 skipped"),
        ("class-changes", "recovered on day 0: 1 sent"),
        ("outside-hours", "recovered on day 4: 2 sent"),
        ("held-out", "recovered on day 5: 2 skipped"),
        ("gives-up", r"stopped \(\w+\) on day 30: 6 sent"),
    ],
)
def test_a_scenario_ends_as_its_title_says(scenario: str, end: str) -> None:
    assert re.search(end, told(run(scenario)))


def test_a_timeline_says_what_happened_when_and_why() -> None:
    text = told(run("soft-recovered"))

    assert "day 0 10:00 Paddle Renewal declined: not_enough_balance webhooks: payment_failed, past_due" in text
    assert "day 1 10:00 Dunning Mail “first” sent Payment didn't go through: Lantern Pro" in text
    assert "day 4 13:00 Paddle Charged again, paid" in text


def test_a_mail_at_night_says_when_it_is_looked_at_again() -> None:
    assert "Next look: day 0, 23:00; 08:00 in JP." in told(run("outside-hours"))


def test_a_spent_link_leads_nowhere() -> None:
    assert "The case has ended: a page says so" in told(run("paid-by-link"))


def test_the_mails_are_written_as_they_would_be_sent_and_to_look_at(tmp_path: Path) -> None:
    result = run("hard-to-the-end", "--mails", str(tmp_path / "mails"))

    assert "6 mails are in" in told(result)
    written = sorted(path.name for path in (tmp_path / "mails").iterdir())
    assert written[:4] == ["01-first.eml", "01-first.html", "02-reminder.eml", "02-reminder.html"]
    mail = message_from_bytes((tmp_path / "mails" / "01-first.eml").read_bytes(), policy=policy.default)
    assert mail["To"] == "ada@customer.example"
    text = mail.get_body(("plain",))
    assert text is not None
    assert any(
        re.fullmatch(r"https://billing\.lantern\.example/pay/\S+", line) for line in text.get_content().splitlines()
    )
    assert "€29.00" in (tmp_path / "mails" / "01-first.html").read_text(encoding="utf-8")


def test_all_scenarios_write_their_mails_into_folders_of_their_own(tmp_path: Path) -> None:
    run("--mails", str(tmp_path))

    assert (tmp_path / "gives-up" / "06-final.html").is_file()
    assert not (tmp_path / "outage-cured").exists() or not list((tmp_path / "outage-cured").iterdir())


def test_last_mails_name_the_end_where_the_campaign_knows_it(tmp_path: Path) -> None:
    run("gives-up", "--mails", str(tmp_path))

    assert "1 April 2026" in (tmp_path / "06-final.html").read_text(encoding="utf-8")


def test_ones_own_campaign_is_played_whatever_it_is_for(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(CAMPAIGN)

    assert "day 30: 1 sent" in told(run("hard-to-the-end", "--campaign", str(file)))
    assert "Mail “late” sent" in told(run("hard-to-the-end", "--campaign", str(file), "--use", "others"))


def test_a_hold_out_is_played_by_one_scenario_and_left_aside_by_all_others(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(shipped().replace('# hold_out = "10%"', 'hold_out = "10%"'))

    mailed = told(run("paid-by-link", "--campaign", str(file)))
    held_out = told(run("held-out", "--campaign", str(file)))

    assert "one of the 90% of customers who are mailed, by your hold_out of 10%" in mailed
    assert "recovered on day 0: 1 sent" in mailed
    assert "one of the 10% of customers whom your hold_out leaves unmailed" in held_out
    assert "Mail “first” not sent" in held_out
    assert "as if the campaign had hold_out; yours has none" in told(run("held-out"))


def test_what_happened_is_a_document_too(tmp_path: Path) -> None:
    result = run("held-out", "--json", "--mails", str(tmp_path / "mails"))

    (one,) = json.loads(result.stdout)["scenarios"]
    assert (one["name"], one["campaign"]) == ("held-out", "renewal")
    assert one["people"][0]["bought"] == [
        {"product": "Lantern Pro", "price": 2_900, "currency": "EUR", "interval": "month"}
    ]
    first, opened, held_out, *_ = one["story"]
    assert (first["at"], first["day"], first["who"]) == ("2026-03-02T10:00:00Z", 0, "Paddle")
    assert first["webhooks"]
    assert (opened["what"], held_out["what"]) == ("Case opened", "Held out")
    (case,) = one["cases"]
    assert (case["state"], case["held_out"]) == ("recovered", True)
    assert case["steps"][0] == {"step": "first", "state": "skipped", "reason": "held_out"}


def test_the_scenarios_are_a_document_too() -> None:
    listed = json.loads(run("--list", "--json").stdout)["scenarios"]

    assert [one["name"] for one in listed] == list(SCENARIOS)


def test_a_campaign_that_is_not_in_the_file_is_refused_with_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(CAMPAIGN)

    result = run("--campaign", str(file), "--use", "dollars")

    assert result.exit_code == 2
    assert "it has pounds, others" in result.stderr


def test_a_broken_campaign_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(CAMPAIGN.replace("1h", "soon"))

    result = run("--campaign", str(file))

    assert result.exit_code == 2
    assert f"{file}:8: 'soon' is no duration" in result.stderr


def test_a_campaign_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_bytes(b"\xff\xfe\x00")

    result = run("--campaign", str(file))

    assert result.exit_code == 2
    assert result.stderr == f"{file}: the file is not UTF-8 text; it should be a campaign file\n"


def test_a_step_whose_template_is_missing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(CAMPAIGN.replace("payment_failed", "a_template_of_mine"))

    result = run("--campaign", str(file))

    assert result.exit_code == 2
    assert "uses the template a_template_of_mine, which is neither shipped nor in the folder" in result.stderr


def test_ones_own_templates_are_used(tmp_path: Path) -> None:
    (tmp_path / "reminder.subject.txt").write_text("Mine: {{ product }}")
    (tmp_path / "reminder.txt").write_text("{{ link }}")
    (tmp_path / "reminder.html").write_text("<p>{{ link }}</p>")

    assert "Mine: Lantern Pro" in told(run("soft-recovered", "--templates", str(tmp_path)))


def test_an_unknown_scenario_is_told_the_nearest() -> None:
    result = run("soft-recoverd")

    assert result.exit_code == 2
    assert "did you mean soft-recovered? `dunning simulate --list` prints all." in result.stderr


def test_a_scenario_unlike_any_is_told_where_they_are_listed() -> None:
    result = run("qqqqqq")

    assert result.exit_code == 2
    assert "There is no scenario 'qqqqqq'. `dunning simulate --list` prints all." in result.stderr


def test_mails_that_cannot_be_written_fail_the_command(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")

    result = run("soft-recovered", "--mails", str(tmp_path / "a-file" / "mails"))

    assert result.exit_code == 1
    assert "The mails can't be written to" in result.stderr
