"""Promised call-backs whose time has come, on whatever page one works, until somebody takes note."""

from __future__ import annotations

from dashboards.parts.part import Part


class Reminders(Part):
    """`draw(items=[{id, text, note, url}], words={call, noted, more, less})`.

    `more` has a text for each number of others that the first one may stand for.

    Reports `{do: "look"}` once a minute, and `{do: "noted", id}` for one that was seen or called.
    """

    _styles = ("reminders.css",)
