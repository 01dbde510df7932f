"""What a customer bought, cares about and is worth, and what is owed to them."""

from __future__ import annotations

from dashboards.parts.part import Part


class CustomerSide(Part):
    """Reports `answer` and `close` (of a line), `solve` (a complaint), `take` and `leave` (what a colleague
    would have corrected), `interest`, `withdraw` and `all_purchases`.
    """

    _styles = ("customer_side.css",)
