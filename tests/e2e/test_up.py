"""`dunning up`: the whole service as one command, with a server and a data folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.lab.stack import Part
from dunning.rules.case import CaseState
from tests.e2e.processes import belonging_to, environment_of, needs_proc
from tests.e2e.service import Service, running_service
from tests.until import until

pytestmark = needs_proc

REDIS_URL = "DUNNING_REDIS_URL"


class Up:
    """The command, and the service that it makes."""

    def __init__(self, service: Service, data_folder: Path) -> None:
        self.service = service
        self.data_folder = data_folder
        del service.stack.environment[REDIS_URL]

    async def start(self) -> Part:
        """Start it, wait until it is ready, and look into its server from now on."""
        # It takes the place of `webhooks`: it is who answers at the public address.
        part = await self._run("webhooks")
        await self.service.stack.until_ready()
        await self.service.use_redis(self._redis_url(), self.data_folder)
        return part

    def processes(self) -> list[str]:
        """Give the commands of all that it has started and that still run, itself and its server among them."""
        marks = (self.service.stack.public_url, str(self.data_folder))
        return [
            command
            for mark in marks
            for command in belonging_to(mark).values()
            if " cli.lab.twin_process " not in command
        ]

    async def has_ended(self) -> bool:
        """Tell whether nothing of it runs any more."""
        return not self.processes()

    async def start_another(self) -> Part:
        """Start it once more on the same folder, and wait until it has ended."""
        part = await self._run("another")
        await part.process.wait()
        del self.service.stack.parts["another"]  # all others are to end well
        return part

    async def _run(self, name: str) -> Part:
        return await self.service.stack.run(name, "cli.main", "up", "--data", str(self.data_folder))

    def _redis_url(self) -> str:
        """Give the address that it gives its processes."""
        own = map(environment_of, belonging_to(self.service.stack.public_url))
        return next(environment[REDIS_URL] for environment in own if REDIS_URL in environment)


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Up]:
    async with running_service(commands=()) as service:
        started = Up(service, tmp_path / "data")
        await started.start()
        yield started


async def test_up_receives_mails_and_ends_on_sigterm(up: Up) -> None:
    case_id = await up.service.decline()
    await up.service.delivery_ended(case_id)

    exit_code = await up.service.terminate("webhooks")
    left = up.processes()
    await up.start()

    assert exit_code == 0
    assert left == []
    assert len(await up.service.stack.mails()) == 1


async def test_a_second_up_on_the_same_folder_goes_on_with_the_open_case(up: Up) -> None:
    case_id = await up.service.decline()
    link = up.service.link_in((await up.service.mails())[0])
    assert await up.service.terminate("webhooks") == 0

    await up.start()
    async with up.service.http.post(link) as portal:
        landed = await portal.text()
    async with up.service.http.post(portal.url) as paid:
        assert paid.status == 200
    ended = await up.service.case_ended(case_id)

    assert 'data-page="update"' in landed
    assert ended.state is CaseState.RECOVERED
    assert len(await up.service.stack.mails()) == 1


async def test_what_it_was_told_before_it_was_killed_is_not_lost(up: Up) -> None:
    await up.service.keep_notifications()
    case_id = await up.service.decline()

    status = await up.service.notify(case_id, "transaction.past_due")
    await up.service.part("webhooks").kill()
    await until(up.has_ended)
    await up.start()
    await up.service.delivery_ended(case_id)

    assert status == 200


async def test_a_second_up_at_the_same_time_is_refused_with_a_clear_sentence(up: Up) -> None:
    another = await up.start_another()

    said = another.log.read_text().splitlines()
    assert another.process.returncode == 2
    assert said == [
        f"The data in {up.data_folder} is in use by another server: stop that one first, or choose another folder."
    ]
    assert (await up.service.get("/readyz"))[0] == 200
