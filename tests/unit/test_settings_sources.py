from pathlib import Path

import pytest

from dunning.errors import ConfigurationError
from dunning.paddle.portal import LIVE_PORTAL, SANDBOX_PORTAL
from dunning.settings.load import load_campaigns, load_paddle_settings, load_settings, load_store_settings
from tests.unit.good_settings import GOOD, SECRET, api_key, problems_of


class TestFiles:
    def test_a_value_is_read_from_the_file_that_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text(api_key("live") + "\n")
        environ = GOOD | {"DUNNING_PADDLE_API_KEY": "", "DUNNING_PADDLE_API_KEY_FILE": str(file)}

        settings = load_settings(environ)

        assert settings.paddle.api_key.get_secret_value() == api_key("live")

    def test_a_value_given_twice_is_a_problem(self, tmp_path: Path) -> None:
        file = tmp_path / "port"
        file.write_text("80")

        (problem,) = problems_of(GOOD | {"DUNNING_PORT": "80", "DUNNING_PORT_FILE": str(file)})

        assert problem.startswith("DUNNING_PORT: it is given twice; it should be")

    def test_a_file_that_is_not_there_is_one_problem_and_its_path_is_not_told(self) -> None:
        environ = GOOD | {"DUNNING_REDIS_URL": "", "DUNNING_REDIS_URL_FILE": SECRET}

        (problem,) = problems_of(environ)

        assert problem.startswith(
            "DUNNING_REDIS_URL: the file that DUNNING_REDIS_URL_FILE names can't be read (No such"
        )
        assert SECRET not in problem

    @pytest.mark.parametrize(("content", "wrong"), [(b"\n", "is empty"), (b"\xff", "is not UTF-8 text")])
    def test_a_file_without_a_value_is_a_problem(self, content: bytes, wrong: str, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_bytes(content)

        (problem,) = problems_of(GOOD | {"DUNNING_PADDLE_API_KEY": "", "DUNNING_PADDLE_API_KEY_FILE": str(file)})

        assert problem.startswith(f"DUNNING_PADDLE_API_KEY: the file that DUNNING_PADDLE_API_KEY_FILE names {wrong};")


class TestUnknownVariables:
    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("DUNNING_PADDLE_KEY", "DUNNING_PADDLE_API_KEY"),
            ("DUNNING_WEBHOOK_SECRET", "DUNNING_WEBHOOK_SECRETS"),
            ("DUNNING_REDISURL_FILE", "DUNNING_REDIS_URL_FILE"),
        ],
    )
    def test_the_nearest_known_name_is_told(self, name: str, nearest: str) -> None:
        assert problems_of(GOOD | {name: SECRET}) == [f"{name}: it is not known; it should perhaps be {nearest}"]

    def test_those_that_kubernetes_makes_are_explained(self) -> None:
        (problem,) = problems_of(GOOD | {"DUNNING_SERVICE_HOST": "10.0.0.1"})

        assert "enableServiceLinks: false" in problem

    def test_variables_of_others_are_no_concern(self) -> None:
        assert load_settings(GOOD | {"PATH": "/bin", "DUNNINGTON": "x"})


class TestPaddle:
    def test_a_sandbox_key_leads_to_the_sandbox(self) -> None:
        paddle = load_paddle_settings({"DUNNING_PADDLE_API_KEY": api_key("sdbx")})

        assert (paddle.api_url, paddle.sandbox) == ("https://sandbox-api.paddle.com", True)
        assert paddle.portal_origins == {SANDBOX_PORTAL}

    def test_a_live_key_on_the_sandbox_and_a_sandbox_key_on_the_live_api_are_refused(self) -> None:
        for key, url in [
            (api_key("live"), "https://sandbox-api.paddle.com"),
            (api_key("sdbx"), "https://api.paddle.com"),
        ]:
            with pytest.raises(ConfigurationError, match="belongs to another environment"):
                load_paddle_settings({"DUNNING_PADDLE_API_KEY": key, "DUNNING_PADDLE_API_URL": url})

    def test_a_key_that_does_not_tell_needs_the_url(self) -> None:
        with pytest.raises(ConfigurationError, match="DUNNING_PADDLE_API_URL: it is missing"):
            load_paddle_settings({"DUNNING_PADDLE_API_KEY": "0123456789"})

    @pytest.mark.parametrize(
        ("url", "origins", "sandbox"),
        [
            ("https://api.paddle.com", {LIVE_PORTAL}, False),
            ("https://sandbox-api.paddle.com", {SANDBOX_PORTAL}, True),
            ("https://proxy.example.com/paddle", {LIVE_PORTAL, SANDBOX_PORTAL}, False),
        ],
    )
    def test_a_key_that_does_not_tell_is_of_the_environment_of_its_url(
        self, url: str, origins: set[str], *, sandbox: bool
    ) -> None:
        paddle = load_paddle_settings({"DUNNING_PADDLE_API_KEY": "0123456789", "DUNNING_PADDLE_API_URL": url + "/"})

        assert (paddle.api_url, paddle.sandbox) == (url, sandbox)
        assert paddle.portal_origins == origins

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8123", "http://localhost:8123", "http://[::1]:8123", "http://paddle.localhost:8123"]
    )
    def test_a_stand_in_on_this_machine_is_a_portal_too(self, url: str) -> None:
        paddle = load_paddle_settings({"DUNNING_PADDLE_API_KEY": "pdl_sdbx_1", "DUNNING_PADDLE_API_URL": url})

        assert paddle.portal_origins == {SANDBOX_PORTAL, url}

    def test_one_elsewhere_is_not(self) -> None:
        environ = {"DUNNING_PADDLE_API_KEY": "pdl_live_1", "DUNNING_PADDLE_API_URL": "https://proxy.example.com"}

        assert load_paddle_settings(environ).portal_origins == {LIVE_PORTAL}

    def test_what_else_is_missing_is_no_concern_but_a_mistyped_name_is(self) -> None:
        environ = {"DUNNING_PADDLE_API_KEY": api_key("live"), "DUNNING_MAIL_URL_FILE": "/nowhere", "DUNNING_PADLE": "x"}

        with pytest.raises(ConfigurationError) as caught:
            load_paddle_settings(environ)

        assert [problem.partition(":")[0] for problem in caught.value.problems] == ["DUNNING_PADLE"]


class TestStoreSettings:
    def test_nothing_but_where_the_store_is_matters(self) -> None:
        environ = {
            "DUNNING_REDIS_URL": "redis://127.0.0.1/0",
            "DUNNING_CAMPAIGN_FILE": "/nowhere",
            "DUNNING_PADLE": "x",
        }

        redis_url = load_store_settings(environ).redis_url

        assert redis_url is not None
        assert redis_url.get_secret_value() == "redis://127.0.0.1/0"

    def test_a_wrong_address_is_a_problem(self) -> None:
        with pytest.raises(ConfigurationError, match="DUNNING_REDIS_URL: "):
            load_store_settings({"DUNNING_REDIS_URL": "http://127.0.0.1"})

    def test_where_it_is_missing_a_mistyped_name_is_not_taken_for_nothing(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            load_store_settings({"DUNNING_REDIS_ULR": "redis://127.0.0.1/0", "DUNNING_PADLE": "x"})

        assert [problem.partition(":")[0] for problem in caught.value.problems] == ["DUNNING_REDIS_ULR"]

    def test_campaigns_are_read_by_themselves(self, tmp_path: Path) -> None:
        (tmp_path / "empty.toml").write_text("")

        assert [campaign.name for campaign in load_campaigns({})] == ["renewal"]
        with pytest.raises(ConfigurationError, match="DUNNING_CAMPAIGN_FILE: "):
            load_campaigns({"DUNNING_CAMPAIGN_FILE": str(tmp_path / "empty.toml")})
