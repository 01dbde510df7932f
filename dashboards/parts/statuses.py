"""How many customers have each activity status; each number opens the customers behind it."""

from __future__ import annotations

from dashboards.parts.part import Part


class Statuses(Part):
    """`draw(heading=…, statuses=[{code, label, count, tone, url, tip}], total=…)`."""

    _styles = ("statuses.css",)
