"""The frame every page lives in: navigation, header, palette, keys, the address bar."""

from __future__ import annotations

from typing import Any

from dashboards.parts.part import Part


class Frame(Part):
    """Draws what `shell.Shell` counts and words; reports where the user wants to go."""

    _styles = ("frame.css",)

    def answer_palette(self, text: str, choices: list[dict[str, Any]]) -> None:
        """Say what was found by a text typed into the palette."""
        self._send_msg({"do": "found", "text": text, "choices": choices})
