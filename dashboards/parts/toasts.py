"""Short messages at the foot of the page; what was done can be undone from them."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from dashboards.parts.part import Part

UNDO_SECONDS = 10
MESSAGE_SECONDS = 6
REMEMBERED = 20

Undo = Callable[[], Awaitable[None]]


class Toasts(Part):
    """Messages, newest last. `say(text, undo=…)` offers to take the gesture back for ten seconds."""

    _styles = ("toasts.css",)

    def __init__(self, **params: Any) -> None:
        super().__init__(gesture=self._pressed, **params)
        self._numbers = itertools.count(1)
        self._undos: OrderedDict[int, Undo] = OrderedDict()

    def say(self, text: str, *, undo: Undo | None = None, undo_label: str = "", tone: str = "plain") -> None:
        """Say something for a while.

        Args:
            text: the sentence.
            undo: what takes the gesture back.
            undo_label: the word on its button.
            tone: `plain` or `danger`.
        """
        number = next(self._numbers)
        if undo is not None:
            self._undos[number] = undo
            while len(self._undos) > REMEMBERED:
                self._undos.popitem(last=False)
        seconds = UNDO_SECONDS if undo is not None else MESSAGE_SECONDS
        self._send_msg(
            {
                "do": "show",
                "number": number,
                "text": text,
                "undo": undo_label if undo is not None else "",
                "tone": tone,
                "seconds": seconds,
            }
        )

    def leave(self) -> None:
        """Send the browser to the log-in: this employee may not go on."""
        self._send_msg({"do": "leave"})

    async def _pressed(self, message: dict[str, Any]) -> None:
        # Taken out first, so that a second press finds nothing to undo.
        undo = self._undos.pop(message.get("undo", 0), None)
        if undo is not None:
            await undo()
