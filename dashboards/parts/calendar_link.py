"""The secret address of somebody's calendar: made, copied once, made anew."""

from __future__ import annotations

from dashboards.parts.part import Part


class CalendarLink(Part):
    """`draw(heading=…, text=…, made=…, secret="" | the secret just made, words={make, copy, copied, once, address})`.

    Reports `{do: "renew"}`.
    """

    _styles = ("calendar_link.css",)
