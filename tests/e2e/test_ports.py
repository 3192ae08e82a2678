from urllib.parse import urlsplit

from tests.e2e.processes import needs_proc, ports_of
from tests.e2e.service import Service

pytestmark = needs_proc


async def test_only_webhooks_opens_a_port(service: Service) -> None:
    await service.delivery_ended(await service.decline())

    assert ports_of(service.part("worker").process.pid) == set()
    assert ports_of(service.part("webhooks").process.pid) == {urlsplit(service.stack.public_url).port}
