"""The order form: who orders, what, and how it gets there; everything typed is kept as a draft."""

from __future__ import annotations

from typing import Any

from dashboards.parts.part import Part


class OrderFields(Part):
    """Reports `draft`, `price`, `products`, `alike`, `use`, `save`, `leave`, `anew`; the answers are messages.

    `draw(visit=…, intention=…, kind="new"|"own"|"door"|"correct", who=…, typed=…, options=…, addresses=…,
    kept=…, user=…, done=…, words=…)`. `typed` is taken over whenever `visit` is another one; with the
    same `visit` what stands in the fields stays. Questions carry a number, and late answers are dropped.
    """

    _styles = ("order_form.css",)

    def kept(self, number: int, text: str, *, wrong: bool = False) -> None:
        """Say that a draft is on record, or why it is not."""
        self._send_msg({"do": "kept", "number": number, "text": text, "wrong": wrong})

    def priced(self, number: int, sums: dict[str, Any]) -> None:
        """What the lines come to: `lines` by key, and `sums` in words."""
        self._send_msg({"do": "priced", "number": number, **sums})

    def products(self, number: int, rows: list[dict[str, Any]], told: str) -> None:
        """Products for what was typed."""
        self._send_msg({"do": "products", "number": number, "rows": rows, "told": told})

    def alike(self, number: int, rows: list[dict[str, Any]]) -> None:
        """Customers who may be the one being entered."""
        self._send_msg({"do": "alike", "number": number, "rows": rows})

    def answer(
        self, intention: str, wrong: dict[str, str] | None = None, *, ask: str = "", changed: str = "", told: str = ""
    ) -> None:
        """Say how saving ended.

        Args:
            intention: of which form.
            wrong: sentence by field; fields of a line are `line.<key>.<field>`.
            ask: a question to be said yes to before it is saved.
            changed: somebody changed this in between; the button beside it shows what stands now.
            told: why it was not saved, where that belongs to no field.
        """
        self._send_msg(
            {"do": "answer", "intention": intention, "wrong": wrong, "ask": ask, "changed": changed, "told": told}
        )

    def forget(self) -> None:
        """What the browser keeps of this form is no longer needed."""
        self._send_msg({"do": "forget"})
