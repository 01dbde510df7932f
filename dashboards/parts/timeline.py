"""What took place with a customer, newest first; notes and contacts are written down in place."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.parts.part import Part


class Timeline(Part):
    """Reports `filter`, `more`, `note`, `contact` and `complain`."""

    _styles = ("timeline.css",)

    def answer_form(self, token: str, wrong: Mapping[str, str] | None = None) -> None:
        """Say how a note or a contact was taken: what is wrong with which field, or nothing."""
        self._send_msg({"do": "answer", "token": token, "wrong": None if wrong is None else dict(wrong)})
