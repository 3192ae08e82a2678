"""What came of the cases of a month."""

from datetime import date
from http import HTTPStatus

from aiohttp import web

from console.api.models import Nothing, Report, ReportQuery
from console.api.problems import ProblemError
from console.keys import CLOCK, STORE
from dunning.casebook.report import read_report
from dunning.casebook.report_as_json import reported


async def read(request: web.Request, _path: Nothing, query: ReportQuery, _body: Nothing) -> Report:
    """Tell it.

    Raises:
        ProblemError: the month is in the future.
    """
    today = request.app[CLOCK]().date()
    month = date.fromisoformat(f"{query.month}-01") if query.month else today
    if month > today:
        raise ProblemError(HTTPStatus.CONFLICT, "The month is in the future.")
    return Report.model_validate(reported(await read_report(request.app[STORE].sums, month, today)))
