"""Whole answers made of queries and analytics: the same for a command, a notebook cell and a screen."""

from __future__ import annotations

from datetime import date

from pandera.typing import DataFrame

from ecrm_core.analytics.activity import activity_status
from ecrm_core.crm import Work
from ecrm_core.frames import ActivityOverview, checked
from ecrm_core.queries.activity import customer_purchases


def status_overview(work: Work, *, as_of: date) -> DataFrame[ActivityOverview]:
    """The customers one may see, with last activity and status as of a business day."""
    purchases = customer_purchases(work, as_of=as_of)
    frame = purchases[["code", "name", "last_order_date"]].rename(columns={"last_order_date": "last_activity"})
    frame["status"] = activity_status(purchases, as_of=as_of, rule=work.rules.activity)
    return checked(frame, ActivityOverview)
