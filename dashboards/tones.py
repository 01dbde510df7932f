"""Which tone says what, the same on every screen; the word always stands beside it."""

from __future__ import annotations

from ecrm_core.rules import ActivityStatus

STATUS_TONES = {
    ActivityStatus.TWO_WEEKS: "green",
    ActivityStatus.ONE_MONTH: "teal",
    ActivityStatus.SIX_MONTHS: "amber",
    ActivityStatus.LAPSED: "grey",
    ActivityStatus.PROSPECT: "blue",
}
