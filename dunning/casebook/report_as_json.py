"""The report as JSON: one document for a script to read. Days are in UTC, amounts in minor units."""

from typing import Any

from dunning.casebook.report import Failed, Report
from dunning.rules.cohort import Became
from dunning.rules.comparison import Comparison
from dunning.rules.lift import Interval
from dunning.rules.tally import Total, What

Json = dict[str, Any]


def reported(found: Report) -> Json:
    """Return what came of the cases of some days: every sum by all that it is of. Amounts are in minor units."""
    return {
        "first_day": f"{found.first}",
        "last_day": f"{found.last}",
        **{what.value: found.of(what).cases for what in What},
        "sums": [
            {
                "what": key.what,
                "campaign": key.campaign,
                "step": key.step or None,
                "decline_class": key.decline_class,
                "cause": key.cause or None,
                "currency": key.currency or None,
                "cases": total.cases,
                "cases_with_amount": total.known,
                "amount": total.amount,
            }
            for key, total in sorted(found.totals.items(), key=lambda one: str(one[0]))
            if total != Total()
        ],
        "failed": {
            **_days(found.failed),
            "sums": [
                {"campaign": campaign, "currency": currency or None, **_failed(found.failed, campaign, currency)}
                for campaign, currency in found.failed.parts
            ],
        },
        "lift": {**_days(found.compared), "comparisons": [_comparison(one) for one in found.comparisons]},
    }


def _days(failed: Failed) -> Json:
    """Return the days; none where no case of them has ended for sure."""
    if failed.last < failed.first:
        return {"first_day": None, "last_day": None}
    return {"first_day": f"{failed.first}", "last_day": f"{failed.last}"}


def _failed(failed: Failed, campaign: str, currency: str) -> Json:
    due, paid = (failed.of(became, campaign, currency) for became in (Became.DUE, Became.PAID))
    return {"cases": due.cases, "amount": due.amount, "recovered": paid.cases, "recovered_amount": paid.amount}


def _comparison(one: Comparison) -> Json:
    return {
        "campaign": one.campaign,
        "hold_out_percent": one.percent,
        "mailed": {"cases": one.mailed.cases, "recovered": one.mailed.paid},
        "held_out": {"cases": one.held_out.cases, "recovered": one.held_out.paid},
        "points": _interval(one.lift, 100),
        "held_out_cases_needed": one.needed,
        "amount_per_case": {currency: _interval(interval, 1) for currency, interval in one.money.items()},
    }


def _interval(found: Interval | None, times: int) -> Json | None:
    """Return an estimate with its interval of 95%; None where there is too little to say."""
    if found is None:
        return None
    return {name: round(getattr(found, name) * times, 2) for name in ("estimate", "low", "high")}
