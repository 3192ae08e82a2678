"""arq's own command works too, since arq users expect it."""

from tests.e2e.service import Service

ARQ = ("arq", "worker.main.WorkerSettings")


async def test_arqs_command_works_as_a_worker_and_ends_on_sigterm(service: Service) -> None:
    await service.terminate("worker")
    await service.stack.run("arq", *ARQ)

    case_id = await service.decline()
    await service.delivery_ended(case_id)
    exit_code = await service.terminate("arq")

    assert exit_code == 0
    assert len(await service.stack.mails()) == 1


async def test_arqs_command_tells_every_wrong_setting(service: Service) -> None:
    service.stack.environment |= {"DUNNING_MAIL_FROM": "nobody", "DUNNING_PORTT": "1"}

    part = await service.stack.run("arq", *ARQ)
    exit_code = await part.process.wait()
    del service.stack.parts["arq"]  # all others are to end well

    said = part.log.read_text()
    assert exit_code != 0
    assert "DUNNING_MAIL_FROM: " in said
    assert "DUNNING_PORTT: " in said
    assert "Traceback" not in said
