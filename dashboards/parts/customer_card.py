"""Who a customer is: name, status, ways to reach them, what is known; corrected in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.parts.part import Part


class CustomerCard(Part):
    """The head of the customer page. Reports `save` with what was typed, and `walk`."""

    _styles = ("customer_card.css",)

    def answer_form(
        self,
        token: str,
        *,
        wrong: Mapping[str, str] | None = None,
        phone: str = "",
        conflict: Mapping[str, Any] | None = None,
    ) -> None:
        """Say how a save ended: done, wrong fields, or somebody else was faster.

        Args:
            token: of the form.
            wrong: field to sentence.
            phone: which of the numbers is wrong.
            conflict: `{line, version, base, fields}`: what stands there now, by field; `fields` tell
                label and both values of what somebody else changed.
        """
        self._send_msg(
            {
                "do": "answer",
                "token": token,
                "wrong": None if wrong is None else dict(wrong),
                "phone": phone,
                "conflict": None if conflict is None else dict(conflict),
            }
        )
