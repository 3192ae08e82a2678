"""Every connection of the service, cut before and after every request of a case's life."""

import pytest

from dunning.store.server.embedded import EmbeddedServer
from tests.chaos.conftest import LONG, PATIENCE, Report
from tests.chaos.faults import KINDS, Cut, Fault, Moment
from tests.chaos.labels import is_half_a_transaction
from tests.chaos.survey import asked_by_the_clock, survey, try_all

# The server has done it, and the client can't know.
WORST = (Moment.AFTER, Fault.CUT)
# What must be done by then that only waits for a worker: an event, once it is in the inbox.
EVENT_WITHIN_SECONDS = 30


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("moment", "fault"), KINDS if LONG else [WORST])
async def test_every_cut_is_survived(
    moment: Moment, fault: Fault, servers: list[EmbeddedServer], report: Report
) -> None:
    beside = await asked_by_the_clock(servers[0].url, PATIENCE)
    for server in servers:
        places = await survey(server.url, PATIENCE, beside)  # the first also brings the scripts into the server
    places = await survey(servers[0].url, PATIENCE, beside)
    if not LONG:
        places = [place for place in places if not is_half_a_transaction(place.label)]

    outcomes = await try_all([Cut(place, moment, fault) for place in places], servers, PATIENCE, beside)
    report.outcomes += outcomes

    assert len(outcomes) > 50
    assert [f"{one.cut}: {one.problems}" for one in outcomes if one.problems] == []
    assert {one.cut.place.label for one in outcomes if one.life.mails > 1} <= {"the mail"}
    if LONG:
        slow = [one for one in outcomes if one.seconds > EVENT_WITHIN_SECONDS and "handle_event" in one.cut.place.label]
        assert [str(one.cut.place) for one in slow] == []
