"""Real processes tell real programs of the seller's what happens, killed or not, and leave no secret anywhere."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cli.demo.story import CAMPAIGN
from cli.lab.clock import ShiftedClock
from cli.lab.stack import running_stack
from dunning import queue
from dunning.settings.load import LinkMint
from tests.e2e.scan import Place, forbid, places_in_redis, search
from tests.e2e.service import Service
from tests.integration.at_rest import redis_of
from tests.integration.receiver import Receiver, receiving
from worker.tell.destination import AT_ONCE


@asynccontextmanager
async def telling(folder: Path, *receivers: Receiver) -> AsyncIterator[tuple[Service, ShiftedClock]]:
    """Run the service with these told, and look for their secrets when the block is left."""
    clock = ShiftedClock(folder / "ahead")
    setting = {"DUNNING_OUT_WEBHOOKS": ",".join(one.setting for one in receivers)}
    async with running_stack(mint=LinkMint.CLICK, campaign=CAMPAIGN, settings=setting, clock=clock) as stack:
        service = Service(stack)
        try:
            await service.logged("worker", "worker.started")
            yield service, clock
            places = [*await places_in_redis(stack.server.url), Place("our processes' log", stack.logs().encode())]
            secrets = [one.secret.removeprefix("whsec_") for one in receivers]
            leaks = search(places, [*forbid("a secret", secrets), *forbid("a URL", ["t0ken-in-path"])])
            assert not leaks, leaks
        finally:
            await service.store.close()
            print(stack.logs())  # noqa: T201 - pytest shows it for a test that failed


async def test_a_debt_is_told_from_its_failure_over_the_mail_and_the_click_to_its_payment(tmp_path: Path) -> None:
    async with receiving() as app, telling(tmp_path, app) as (service, _):
        case_id = await service.decline()
        (mail,) = await service.mails()
        async with service.http.post(service.link_in(mail), allow_redirects=False) as answer:
            assert answer.status == 303
        await service.stack.twin(f"transactions/{case_id}/pay")
        await app.hears("case.opened", "mail.sent", "link.clicked", "case.recovered")

    told = {body["type"]: body["data"] for _, body in app.told}
    assert {one["transaction_id"] for one in told.values()} == {case_id}
    assert told["mail.sent"]["step"] == "first"
    assert told["case.recovered"]["revision"] > told["mail.sent"]["revision"] > told["case.opened"]["revision"]
    assert set(app.asked.values()) == {1}
    assert mail["recipients"][0] not in str(app.told)


async def test_a_worker_killed_while_it_tells_loses_nothing(tmp_path: Path) -> None:
    async with receiving() as app, telling(tmp_path, app) as (service, _):
        app.stalls = asyncio.Event()
        case_ids = [await service.decline() for _ in range(8)]
        await app.was_asked()
        for case_id in case_ids:  # meanwhile, no mail waits for it
            await service.delivery_ended(case_id)
        await service.part("worker").kill()
        app.stalls.set()
        app.told.clear()  # whoever was told then is gone
        await _end_arqs_marks(service)
        await service.stack.start("worker")
        await app.hears(*["case.opened", "mail.sent"] * 8)

    told = Counter((body["type"], body["data"]["transaction_id"]) for _, body in app.told)
    assert told.keys() == {(kind, one) for kind in ("case.opened", "mail.sent") for one in case_ids}
    assert app.most_at_once <= AT_ONCE


async def test_a_receiver_that_was_down_is_told_all_once_it_is_back_and_the_other_never_waits(tmp_path: Path) -> None:
    async with receiving("o") as other:
        async with receiving() as down:
            port = urlsplit(down.url).port or 0
        async with telling(tmp_path, down, other) as (service, clock):
            case_id = await service.decline()
            await service.delivery_ended(case_id)
            await other.hears("case.opened", "mail.sent")
            await service.logged("worker", "out_webhook.failed", 2)
            async with receiving(port=port) as back:
                clock.forward_to(clock() + timedelta(minutes=1))
                await back.hears("case.opened", "mail.sent")

    assert Counter(back.types) == Counter(other.types)
    assert set(other.asked.values()) == {1}


async def _end_arqs_marks(service: Service) -> None:
    """End arq's marks on the jobs of the worker that was killed, which it does by itself after a minute."""
    redis = redis_of(service.store)
    for key in await redis.keys(f"{queue.MARK_KEY}*"):
        await redis.delete(key)
