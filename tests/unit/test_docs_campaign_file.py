"""What docs/mail.md says on the campaign file is checked against what is there."""

import re
from dataclasses import fields
from pathlib import Path

from click.testing import CliRunner

from cli.main import main
from dunning.brands.colours import Colours
from dunning.campaign_file.brand_reader import KEYS
from dunning.campaign_file.reader import parse_campaigns
from dunning.rules.declines import CODES, read_code

TEXT = (Path(__file__).parents[2] / "docs" / "mail.md").read_text(encoding="utf-8")
CAMPAIGN_FILE = TEXT.partition("\n## Campaign file\n")[2].partition("\n## ")[0]


def test_the_table_of_codes_is_the_one_in_the_code() -> None:
    table = CAMPAIGN_FILE.partition("\n### Decline codes\n")[2]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| `(\w+)` \|$", table, re.MULTILINE)
    (others,) = re.findall(r"^\| any other, or none \| `(\w+)` \| `(\w+)` \| `(\w+)` \|$", table, re.MULTILINE)

    assert {code: tuple(meaning) for code, *meaning in rows} == CODES
    assert others == read_code(None)


def test_the_keys_of_the_campaign_that_is_shown_are_those_explained() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", CAMPAIGN_FILE, re.DOTALL)

    keys = set(re.findall(r"^(\w+) =", shown, re.MULTILINE))

    assert len(parse_campaigns(shown, "mail.md")) == 2
    assert keys == set(re.findall(r"^\| `(\w+)` \| ", CAMPAIGN_FILE.partition("###")[0], re.MULTILINE))


def test_the_keys_of_the_brand_that_is_shown_are_those_explained_and_all_there_are() -> None:
    section = TEXT.partition("\n## Brand\n")[2].partition("\n## ")[0]
    (shown,) = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    first_cells = " ".join(re.findall(r"^\| (`.+?`) \| ", section, re.MULTILINE))

    keys = set(re.findall(r"^(\w+) =", shown, re.MULTILINE))

    assert keys == {*KEYS, "when"} == set(re.findall(r"`(\w+)`", first_cells))


def test_the_colours_that_a_template_is_given_are_named() -> None:
    (row,) = re.findall(r"^\| `brand` .*$", TEXT, re.MULTILINE)

    assert {field.name for field in fields(Colours)} <= set(re.findall(r"`(\w+)`", row))


def test_the_plan_that_is_shown_is_what_the_command_prints() -> None:
    (shown,) = re.findall(r"```\n\$ dunning campaigns plan\n(.*?)```", CAMPAIGN_FILE, re.DOTALL)

    printed = CliRunner().invoke(main, ["campaigns", "plan"], env={"COLUMNS": "80"}).stdout

    assert set(shown.splitlines()) <= {line.rstrip() for line in printed.splitlines()}
