"""One order, told in words, with what may be done next; prints as the customer's confirmation."""

from __future__ import annotations

from dashboards.parts.part import Part


class OrderView(Part):
    """Reports `step` with its fields and a token, `return` with a line and a quantity, and `correct`.

    `draw(visit=…, missing=…|None, status=…, who=…, facts=…, lines=…, sums=…, history=…,
    actions=…, printed=…, words=…)`.
    """

    _styles = ("order_view.css",)

    def answer(self, token: str, wrong: dict[str, str] | None = None) -> None:
        """Say how a step ended: what is wrong with which field, or nothing."""
        self._send_msg({"do": "answer", "token": token, "wrong": wrong})
