"""`/metrics`: on the private side, for all processes; on the public one only where that is asked for."""

from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from console.keys import STORE
from tests.integration.console_side import ConsoleSide, running_console
from tests.integration.edge import NOW, running, settings
from webhooks.metrics import Metrics


async def read(side: ConsoleSide) -> dict[str, list[tuple[dict[str, str], float]]]:
    async with side.http.get(f"{side.url}/metrics") as response:
        assert response.status == 200
        text = await response.text()
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


async def test_the_private_side_tells_of_every_process(redis_url: str) -> None:
    one, two, gone = Metrics(), Metrics(), Metrics()
    one.count_signature(0)
    two.count_signature(0)
    two.count_signature(1)
    gone.count_signature(0)

    async with running_console(settings(redis_url)) as side:
        store = side.app[STORE]
        await store.watching.show_metrics("gone", gone.of_this_process(), NOW - timedelta(minutes=3))
        await store.watching.show_metrics("one", one.of_this_process(), NOW)
        await store.watching.show_metrics("two", two.of_this_process(), NOW)
        await store.counters.add("cases_opened", 7)
        told = await read(side)

    assert told["dunning_webhook_signatures_total"] == [
        ({"secret": "1", "process": "one"}, 1),
        ({"secret": "1", "process": "two"}, 1),
        ({"secret": "2", "process": "two"}, 1),
    ]
    assert told["dunning_cases_opened_total"] == [({}, 7)]
    assert (told["dunning_redis_up"], told["dunning_redis_writable"]) == ([({}, 1)], [({}, 1)])


async def test_a_running_edge_is_told_of_and_its_own_port_tells_nothing(redis_url: str) -> None:
    async with (
        running(settings(redis_url, PUBLIC_METRICS="off")) as edge,
        running_console(settings(redis_url)) as side,
        edge.http.get(edge.url / "metrics") as public,
    ):
        assert public.status == 404
        assert "dunning_http_connections" in await read(side)


async def test_without_redis_it_says_so() -> None:
    async with running_console(settings("redis://127.0.0.1:1/0")) as side:
        told = await read(side)

    assert told == {"dunning_redis_up": [({}, 0)], "dunning_redis_writable": [({}, 0)]}
