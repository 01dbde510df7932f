"""Keys of a page that belong to none of its other parts."""

from __future__ import annotations

from dashboards.parts.part import Part


class Keys(Part):
    """`draw(keys=["[", "]"])`: reports `{do: "key", key}` while its page is on show."""
