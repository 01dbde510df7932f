"""The head of a page: its title, and in one line what it tells today."""

from __future__ import annotations

from dashboards.parts.part import Part


class PageHead(Part):
    """`draw(title=…, line=…, actions=[{label, do, icon, primary, tip, url}])`; with a `url` it is a link."""

    _styles = ("page_head.css",)
