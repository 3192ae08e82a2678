import re

from cli.main import COMMANDS
from console.api.operations import OPERATIONS
from dunning.settings.load import KNOWN
from tests.reference import DOCS, OPENAPI, OUT_WEBHOOKS, PAGE, openapi, out_webhooks, page


def test_the_reference_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make reference`"


def test_the_reference_has_every_command_and_every_variable() -> None:
    said = page()

    assert {words.split()[0] for words in re.findall(r"^### dunning (.+)$", said, re.MULTILINE)} == set(COMMANDS)
    assert set(re.findall(r"^\| `(DUNNING_\w+)` \|", said, re.MULTILINE)) == set(KNOWN)


def test_the_private_side_is_described_as_it_is() -> None:
    assert OPENAPI.read_text(encoding="utf-8") == openapi(), "run `make reference`"


def test_every_operation_of_the_private_side_is_told() -> None:
    told = (DOCS / "app.md").read_text(encoding="utf-8")

    assert [one.path for one in OPERATIONS if one.path.split("/")[2] not in told] == []


def test_what_the_sellers_programs_are_sent_is_described_as_it_is() -> None:
    assert OUT_WEBHOOKS.read_text(encoding="utf-8") == out_webhooks(), "run `make reference`"
