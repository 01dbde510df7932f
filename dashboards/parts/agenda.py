"""The day's agenda: choose with the radio button, tick off with the check box, write in place."""

from __future__ import annotations

from dashboards.parts.part import Part


class Agenda(Part):
    """Reports `tick`, `save` and `delete`; draws each at once and is put right by the next state.

    `claim` is `{text, label}` where there is somebody to take over; it reports `claim`.
    """

    _styles = ("agenda.css",)

    def answer_form(self, token: str, wrong: dict[str, str] | None = None) -> None:
        """Say how a save ended: what is wrong with which field, or nothing."""
        self._send_msg({"do": "answer", "token": token, "wrong": wrong})

    def open_form(self) -> None:
        """Begin a new item."""
        self._send_msg({"do": "open"})

    def go(self, url: str) -> None:
        """Open a page in place."""
        self._send_msg({"do": "go", "url": url})
