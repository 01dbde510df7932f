"""Find the customer who orders: results while typing, and the orders begun but not saved."""

from __future__ import annotations

from typing import Any

from dashboards.parts.part import Part


class CustomerSearch(Part):
    """Reports `search`, `claim`, `discard`; what is found comes as a message, so that it is drawn at once.

    `draw(q=…, drafts=[{intention, text, line, url}], line=…, new_url=…, words=…)`; each answer of
    `found` carries the number of the question, and a late one is dropped.
    """

    _styles = ("customer_search.css",)

    def found(self, number: int, rows: list[dict[str, Any]], *, line: str, new: dict[str, str] | None) -> None:
        """Answer a question.

        Args:
            number: which question.
            rows: {id, code, name, city, phone, status, tone, last, last_full, owner, reduced, url, claim}.
            line: what was found, in words; or why nothing was.
            new: {label, url} of the empty form that takes over what was typed.
        """
        self._send_msg({"do": "found", "number": number, "rows": rows, "line": line, "new": new})

    def refused(self, number: int, sentence: str) -> None:
        """Say beside the search why a question was not answered."""
        self._send_msg({"do": "found", "number": number, "rows": [], "line": sentence, "new": None, "wrong": True})
