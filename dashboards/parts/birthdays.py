"""Customers whose birthday it is, and the ways to greet them."""

from __future__ import annotations

from dashboards.parts.part import Part


class Birthdays(Part):
    """`all={label, url}` leads to the list of all birthdays of these days.

    Reports `greet` with the channel whose link was followed, and `ungreet`.
    """

    _styles = ("aside.css",)
