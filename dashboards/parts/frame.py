"""The frame every page lives in: navigation, header, palette, keys, the address bar."""

from __future__ import annotations

from dashboards.parts.part import Part


class Frame(Part):
    """Draws what `shell.Shell` counts and words; reports where the user wants to go."""

    _styles = ("frame.css",)
