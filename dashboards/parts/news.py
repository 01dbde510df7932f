"""Events and announcements meant for the employee; opening an announcement is reading it."""

from __future__ import annotations

from dashboards.parts.part import Part


class News(Part):
    """Reports `read` with the announcement just opened."""

    _styles = ("aside.css",)

    def open_announcement(self, number: int) -> None:
        """Unfold one announcement."""
        self._send_msg({"do": "open", "id": number})
