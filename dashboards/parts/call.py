"""One call: who, why, what to say and to ask, and the outcomes with their keys."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.parts.part import Part


class Call(Part):
    """Shows the first of `cards`; an outcome brings up the next at once, before the server has answered.

    Reports `{do: "end", item, outcome, channel, note, answers, wanted}`, `{do: "skip", item}`,
    `{do: "suggest", text}`, `start`, `pause`, `resume`, `stop`, and `again` while it waits. What is
    typed is kept under its item until `saved`.
    """

    _styles = ("call.css",)

    def saved(self, item: int) -> None:
        """The call is on record: what was typed for it may be forgotten."""
        self._send_msg({"do": "saved", "item": item})

    def taken_back(self, item: int) -> None:
        """The call is no longer on record: what was typed for it stands there again."""
        self._send_msg({"do": "taken_back", "item": item})

    def suggest(self, text: str, names: Sequence[str]) -> None:
        """Answer what was typed as an interest with what there is."""
        self._send_msg({"do": "suggest", "text": text, "names": list(names)})
